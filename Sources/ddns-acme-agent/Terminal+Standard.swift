import CommandLineProgram
import DeviceAgent

extension Terminal {
    static let standard = Terminal(program: "ddns-acme-agent")
}

extension AgentLog {
    /// What the agent does, told on standard error.
    static let terminal = AgentLog { level, text in
        switch level {
        case .note: Terminal.standard.note(text)
        case .warning: Terminal.standard.warning(text)
        case .error: Terminal.standard.error(text)
        case .hint: Terminal.standard.hint(text)
        }
    }
}

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension AgentSettings: Decodable {
    /// - Throws: for a key that is no setting, so that a misspelt one is not silently without effect.
    package init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: AnyKey.self)
        for key in names.allKeys where Key(rawValue: key.stringValue) == nil {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [key], debugDescription: "there is no setting \"\(key.stringValue)\""))
        }
        let values = try decoder.container(keyedBy: Key.self)
        server = try values.decodeIfPresent(String.self, forKey: .server)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        enrollmentTokenFile = try values.decodeIfPresent(String.self, forKey: .enrollmentTokenFile)
        trustRoots = try values.decodeIfPresent(String.self, forKey: .trustRoots)
        proxy = try values.decodeIfPresent(String.self, forKey: .proxy)
        stateDirectory = try values.decodeIfPresent(String.self, forKey: .stateDirectory)
        certificateDirectory = try values.decodeIfPresent(String.self, forKey: .certificateDirectory)
        interfaces = try values.decodeIfPresent([String].self, forKey: .interfaces)
        families = try values.decodeIfPresent([String].self, forKey: .families)
        networks = try values.decodeIfPresent([String].self, forKey: .networks)
        addresses = try values.decodeIfPresent([String].self, forKey: .addresses)
        reloadCommand = try values.decodeIfPresent([String].self, forKey: .reloadCommand)
        reloadTimeout = try values.decodeIfPresent(Int.self, forKey: .reloadTimeout)
        verifyAddress = try values.decodeIfPresent(String.self, forKey: .verifyAddress)
        verifyTimeout = try values.decodeIfPresent(Int.self, forKey: .verifyTimeout)
        addressPoll = try values.decodeIfPresent(Int.self, forKey: .addressPoll)
        wildcard = try values.decodeIfPresent(Bool.self, forKey: .wildcard)
        keyType = try values.decodeIfPresent(String.self, forKey: .keyType)
        pkcs12 = try values.decodeIfPresent(String.self, forKey: .pkcs12)
        pkcs12PasswordFile = try values.decodeIfPresent(String.self, forKey: .pkcs12PasswordFile)
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads the configuration file's JSON.
    ///
    /// - Throws: `configuration`, naming the setting at fault.
    package init(json: [UInt8], file: String) throws(AgentError) {
        do {
            self = try JSONDecoder().decode(AgentSettings.self, from: Data(json))
        } catch {
            throw AgentError(
                .configuration, "\(file): \(Self.reason(error))",
                hint: "the settings are " + Key.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    private static func reason(_ error: any Error) -> String {
        func name(_ context: DecodingError.Context) -> String {
            context.codingPath.first.map { "\"\($0.stringValue)\"" } ?? "the file"
        }
        return switch error {
        case DecodingError.typeMismatch(let type, let context) where context.codingPath.isEmpty:
            "the file is no JSON object (\(type))"
        case DecodingError.typeMismatch(let type, let context): "\(name(context)) is no \(words(type))"
        case DecodingError.valueNotFound(_, let context): "\(name(context)) holds null"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty: context.debugDescription
        default: "the file is not JSON"
        }
    }

    private static func words(_ type: any Any.Type) -> String {
        if type == Int.self { return "whole number" }
        if type == Bool.self { return "true or false" }
        return type == String.self ? "text" : "list of texts"
    }

    /// Reads the `DDNS_ACME_AGENT_…` variables. Lists are separated by commas; the reload command is a JSON list, or
    /// one word.
    ///
    /// - Throws: `configuration`, naming the variable at fault.
    package init(environment: [String: String]) throws(AgentError) {
        func text(_ key: Key) -> String? {
            environment[key.variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        func list(_ key: Key) -> [String]? {
            text(key)?.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        }
        func number(_ key: Key) throws(AgentError) -> Int? {
            guard let value = text(key) else { return nil }
            guard let number = Int(value) else {
                throw AgentError(.configuration, "\(key.variable) is no whole number: \"\(value)\"")
            }
            return number
        }
        func flag(_ key: Key) throws(AgentError) -> Bool? {
            guard let value = text(key) else { return nil }
            guard let flag = Bool(value) else {
                throw AgentError(.configuration, "\(key.variable) is neither true nor false: \"\(value)\"")
            }
            return flag
        }
        self.init()
        server = text(.server)
        name = text(.name)
        enrollmentTokenFile = text(.enrollmentTokenFile)
        trustRoots = text(.trustRoots)
        proxy = text(.proxy)
        stateDirectory = text(.stateDirectory)
        certificateDirectory = text(.certificateDirectory)
        interfaces = list(.interfaces)
        families = list(.families)
        networks = list(.networks)
        addresses = list(.addresses)
        reloadTimeout = try number(.reloadTimeout)
        verifyAddress = text(.verifyAddress)
        verifyTimeout = try number(.verifyTimeout)
        addressPoll = try number(.addressPoll)
        wildcard = try flag(.wildcard)
        keyType = text(.keyType)
        pkcs12 = text(.pkcs12)
        pkcs12PasswordFile = text(.pkcs12PasswordFile)
        if let command = text(.reloadCommand) {
            guard command.hasPrefix("[") else {
                reloadCommand = [command]
                return
            }
            guard let words = try? JSONDecoder().decode([String].self, from: Data(command.utf8)) else {
                throw AgentError(
                    .configuration, "\(Key.reloadCommand.variable) is no JSON list of texts",
                    hint: #"such as ["systemctl","reload","nginx"]"#)
            }
            reloadCommand = words
        }
    }
}

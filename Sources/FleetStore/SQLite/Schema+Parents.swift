extension Schema {
    /// The name one label up, for those that are not directly below their zone: few, so the index stays small.
    static let parents = """
        CREATE INDEX devices_by_parent ON devices (substr(name, instr(name, '.') + 1))
            WHERE substr(name, instr(name, '.') + 1) <> zone;
        """
}

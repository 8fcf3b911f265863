extension Schema {
    /// Whose names have been found free, or were taken over. What was published or certified before this was known, was.
    static let nameOwnership = """
        ALTER TABLE devices ADD COLUMN name_is_ours INTEGER NOT NULL DEFAULT 0;
        UPDATE devices SET name_is_ours = 1
            WHERE addresses_published <> '' OR EXISTS (SELECT 1 FROM certificates WHERE device_id = devices.id);
        """
}

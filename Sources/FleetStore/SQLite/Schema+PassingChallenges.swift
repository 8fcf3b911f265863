extension Schema {
    /// What a sweep looks at: the challenges of orders under way, and not the standing ones of the whole fleet.
    static let passingChallenges = """
        CREATE INDEX challenges_passing ON challenges (id) WHERE state <> 'standing';
        """
}

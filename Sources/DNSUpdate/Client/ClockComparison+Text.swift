extension ClockComparison: CustomStringConvertible {
    /// Both clocks and their difference, for an operator.
    package var description: String {
        let direction = skew < 0 ? "behind" : "ahead of"
        return "this machine's clock is \(skew.magnitude) s \(direction) the server's: "
            + "here \(UTCTime.text(ours)), there \(UTCTime.text(server))"
    }
}

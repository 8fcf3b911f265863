/// Points in time for messages.
enum UTCTime {
    /// RFC 3339 in UTC with whole seconds, from seconds since 1970.
    static func text(_ seconds: UInt64) -> String {
        // The civil calendar in eras of 400 years that begin on March 1st, so that the leap day is the last of its
        // year.
        let (days, time) = (Int64(clamping: seconds / 86_400), seconds % 86_400)
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let clock = [time / 3_600, time / 60 % 60, time % 60].map { pad(Int64($0)) }.joined(separator: ":")
        return "\(year)-\(pad(month))-\(pad(day))T\(clock)Z"
    }

    private static func pad(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

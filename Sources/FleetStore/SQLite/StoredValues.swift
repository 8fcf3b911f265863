import GRDB

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Date {
    /// The stored form of an instant: milliseconds since 1970-01-01T00:00Z. Instants outside what a database column
    /// holds (`.distantFuture` is inside) are clamped.
    var milliseconds: Int64 {
        let value = (timeIntervalSince1970 * 1000).rounded()
        guard value > -9e15 else { return -9_000_000_000_000_000 }
        return value < 9e15 ? Int64(value) : 9_000_000_000_000_000
    }

    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a limit is never shorter than asked for.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow, product < 9_000_000_000_000_000 else { return 9_000_000_000_000_000 }
        let part = attoseconds / 1_000_000_000_000_000
        return product + part + (attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0)
    }
}

/// A list of texts without white space in one column.
enum TextList {
    /// The list in its order; the elements must not be empty or hold white space or control characters.
    static func encode(_ list: [String], _ what: String) throws(FleetStoreError) -> String {
        for element in list where !isToken(element) {
            throw .invalidValue("\(what) \(element.debugDescription) is empty or holds white space")
        }
        return list.joined(separator: " ")
    }

    /// The list sorted and without duplicates, for what is a set.
    static func encodeSet(_ list: [String], _ what: String) throws(FleetStoreError) -> String {
        try encode(Set(list).sorted(), what)
    }

    static func decode(_ text: String) -> [String] {
        // Most devices have one address.
        if !text.utf8.contains(UInt8(ascii: " ")) { return text.isEmpty ? [] : [text] }
        return text.split(separator: " ").map(String.init)
    }

    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace }
    }
}

extension Row {
    // Decoding throws rather than traps: a newer program may have written what this one does not expect.

    func text(_ column: String) throws -> String { try decode(String.self, forColumn: column) }
    func optionalText(_ column: String) throws -> String? { try decode(String?.self, forColumn: column) }
    func list(_ column: String) throws -> [String] { TextList.decode(try text(column)) }
    func integer(_ column: String) throws -> Int64 { try decode(Int64.self, forColumn: column) }
    func optionalInteger(_ column: String) throws -> Int64? { try decode(Int64?.self, forColumn: column) }
    func bytes(_ column: String) throws -> [UInt8]? { try decode(Data?.self, forColumn: column).map(Array.init) }
    func date(_ column: String) throws -> Date { Date(milliseconds: try integer(column)) }
    func optionalDate(_ column: String) throws -> Date? { try optionalInteger(column).map(Date.init(milliseconds:)) }

    /// A word that this program knows.
    func word<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws -> Word {
        let text = try text(column)
        guard let word = Word(rawValue: text) else {
            throw FleetStoreError.unknownWord(column, text)
        }
        return word
    }
}

/// Bounds a caller's page size.
func pageLimit(_ limit: Int) -> Int { min(max(limit, 1), 10_000) }

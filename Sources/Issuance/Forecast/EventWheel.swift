/// For each minute the devices that have something to do in it; each device is in one minute at most. Four bytes a device
/// and four a minute.
struct EventWheel {
    private static let none: Int32 = -1

    private var heads: [Int32]
    private var successors: [Int32]
    /// The minute up to which everything has been taken.
    private var cursor = 0
    /// No minute before this one has a device in it.
    private var earliest = 0

    init(minutes: Int, devices: Int) {
        heads = [Int32](repeating: Self.none, count: minutes + 1)
        successors = [Int32](repeating: Self.none, count: devices)
    }

    /// The device must be in no minute; one after the end of the wheel is never taken.
    mutating func insert(_ device: Int, second: Int) {
        let minute = max((second + 59) / 60, cursor)
        guard minute < heads.count else { return }
        successors[device] = heads[minute]
        heads[minute] = Int32(device)
        earliest = min(earliest, minute)
    }

    /// The second in which the next device has something to do; nil: none has any more.
    mutating func next() -> Int? {
        earliest = max(earliest, cursor)
        while earliest < heads.count {
            if heads[earliest] != Self.none { return earliest * 60 }
            earliest += 1
        }
        return nil
    }

    /// Takes a device out whose minute has come.
    mutating func take(upTo second: Int) -> Int? {
        while cursor < heads.count, cursor * 60 <= second {
            let device = heads[cursor]
            if device != Self.none {
                heads[cursor] = successors[Int(device)]
                return Int(device)
            }
            cursor += 1
        }
        return nil
    }

    /// Takes everything out.
    mutating func clear() {
        for minute in min(cursor, heads.count)..<heads.count { heads[minute] = Self.none }
    }
}

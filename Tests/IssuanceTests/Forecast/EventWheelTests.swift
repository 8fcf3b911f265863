import Testing

@testable import Issuance

@Suite("What a simulation is driven by")
struct EventWheelTests {
    @Test("devices come in the order of their minutes, also those inserted before one that was looked at")
    func order() {
        var wheel = EventWheel(minutes: 100, devices: 4)
        wheel.insert(0, second: 3_000)
        let first = wheel.next()
        #expect(first == 3_000)
        wheel.insert(1, second: 61)
        wheel.insert(2, second: 6_000)
        wheel.insert(3, second: 6_001)
        var taken: [Int] = []
        while let next = wheel.next() {
            while let device = wheel.take(upTo: next) { taken.append(device) }
        }
        // The last one is behind the end.
        #expect(taken == [1, 0, 2])
    }

    @Test("nothing comes before its second")
    func notEarly() {
        var wheel = EventWheel(minutes: 10, devices: 1)
        wheel.insert(0, second: 61)
        let early = wheel.take(upTo: 119)
        #expect(early == nil)
        let due = wheel.take(upTo: 120)
        #expect(due == 0)
    }

    @Test("orders end in the order of their ends")
    func completions() {
        var queue = CompletionQueue()
        for end in [30, 10, 20, 10] { queue.insert(end, end: end, .issued) }
        var ends: [Int] = []
        while let entry = queue.take(upTo: 25) { ends.append(entry.end) }
        #expect(ends == [10, 10, 20])
        #expect(queue.next == 30)
    }
}

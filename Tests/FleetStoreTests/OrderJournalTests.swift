import FleetStore
import Foundation
import Testing

@Suite("The journal of orders")
struct OrderJournalTests {
    @Test("An order is written before the CA is asked, with everything that is known")
    func begin() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            let order = try await store.beginOrder(
                NewOrder(
                    deviceID: device.id, directoryURL: testDirectoryURL,
                    identifiers: [device.name, "*.\(device.name)"], profile: "tlsserver", replaces: "aki.serial",
                    csr: [0x30, 0x00, 0xFF]))
            #expect(order.step == .planned)
            #expect(order.attempt == 1)
            #expect(order.identifiers == [device.name, "*.\(device.name)"])
            #expect(order.profile == "tlsserver")
            #expect(order.replaces == "aki.serial")
            #expect(order.csr == [0x30, 0x00, 0xFF])
            #expect(order.orderURL == nil && order.certificateURL == nil && order.lastError == nil)
            #expect(order.createdAt == time.now)
            #expect(try await store.order(order.id) == order)
            #expect(try await store.openOrder(of: device.id, directoryURL: testDirectoryURL) == order)
        }
    }

    @Test("A device has one open order at a CA, and any number at different CAs")
    func oneOpenOrder() async throws {
        try await withStore { store, _ async throws in
            let device = try await store.makeDevice()
            let first = try await store.makeOrder(device)
            let error = await #expect(throws: FleetStoreError.self) { try await store.makeOrder(device) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("planned") == true)
            _ = try await store.makeOrder(device, directoryURL: "https://other.example/directory")
            try await store.advanceOrder(first.id, to: .failed)
            let second = try await store.makeOrder(device)
            #expect(second.id != first.id)
            let unknown = await #expect(throws: FleetStoreError.self) {
                try await store.beginOrder(
                    NewOrder(
                        deviceID: Device.ID(rawValue: 99), directoryURL: testDirectoryURL, identifiers: ["a.example"]))
            }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test("Every step can be noted in turn and again, keeps what was known, and ends the order once")
    func steps() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            let order = try await store.makeOrder(device)
            let change = OrderChange(
                orderURL: "https://ca.example/order/1", csr: [1, 2], expiresAt: time.now + 3600)
            try await store.advanceOrder(order.id, to: .created, change)
            for step in OrderRecord.Step.allCases where step > .created && !step.isFinal {
                time.advance(by: 1)
                try await store.advanceOrder(order.id, to: step)
                let again = try await store.advanceOrder(order.id, to: step)
                #expect(again.step == step)
                #expect(again.updatedAt == time.now)
                #expect(again.orderURL == "https://ca.example/order/1")
                #expect(again.csr == [1, 2])
                #expect(again.expiresAt == order.createdAt + 3600)
            }
            let done = try await store.advanceOrder(
                order.id, to: .delivered, OrderChange(certificateURL: "https://ca.example/cert/1"))
            #expect(done.certificateURL == "https://ca.example/cert/1")
            #expect(try await store.openOrder(of: device.id, directoryURL: testDirectoryURL) == nil)
            for step in [OrderRecord.Step.delivered, .failed, .planned] {
                let error = await #expect(throws: FleetStoreError.self) {
                    try await store.advanceOrder(order.id, to: step)
                }
                #expect(error?.code == .conflict)
            }
        }
    }

    @Test(
        "An order never goes back",
        arguments: OrderRecord.Step.allCases.filter { $0 > .planned && !$0.isFinal })
    func neverBack(step: OrderRecord.Step) async throws {
        try await withStore { store, _ async throws in
            let order = try await store.makeOrder(try await store.makeDevice())
            try await store.advanceOrder(order.id, to: step)
            for earlier in OrderRecord.Step.allCases where earlier < step {
                let error = await #expect(throws: FleetStoreError.self) {
                    try await store.advanceOrder(order.id, to: earlier)
                }
                #expect(error?.code == .conflict)
            }
            let failed = try await store.advanceOrder(order.id, to: .failed, OrderChange(lastError: "refused"))
            #expect(failed.lastError == "refused")
        }
    }

    @Test("Failures in a row are counted, and a success ends the row")
    func attempts() async throws {
        try await withStore { store, time async throws in
            let device = try await store.makeDevice()
            for attempt in 1...3 {
                let order = try await store.makeOrder(device)
                #expect(order.attempt == attempt)
                let failed = try await store.advanceOrder(
                    order.id, to: .failed, OrderChange(lastError: "no \(attempt)", retryAt: time.now + 60))
                #expect(failed.retryAt == time.now + 60)
            }
            let fourth = try await store.makeOrder(device)
            #expect(fourth.attempt == 4)
            try await store.advanceOrder(fourth.id, to: .delivered)
            #expect(try await store.makeOrder(device).attempt == 1)
            #expect(try await store.orders(of: device.id, limit: 3).map(\.attempt) == [1, 4, 3])
        }
    }

    @Test("RFC 8555 §7.4: a CA may answer newOrder with a pending order that we had given up")
    func reusedOrderURL() async throws {
        try await withStore { store, _ async throws in
            let device = try await store.makeDevice()
            let change = OrderChange(orderURL: "https://ca.example/order/7")
            let first = try await store.makeOrder(device)
            try await store.advanceOrder(first.id, to: .created, change)
            try await store.advanceOrder(first.id, to: .failed)
            let second = try await store.makeOrder(device)
            try await store.advanceOrder(second.id, to: .created, change)
            #expect(try await store.order(url: "https://ca.example/order/7")?.id == second.id)
            #expect(try await store.order(url: "https://ca.example/order/8") == nil)
        }
    }

    @Test("After a restart the open orders are listed, oldest first, in pages")
    func openOrders() async throws {
        try await withStore { store, _ async throws in
            var open: [OrderRecord.ID] = []
            for number in 1...6 {
                let order = try await store.makeOrder(try await store.makeDevice("dev\(number)"))
                if number.isMultiple(of: 3) {
                    try await store.advanceOrder(order.id, to: number == 3 ? .delivered : .failed)
                } else {
                    open.append(order.id)
                }
            }
            let first = try await store.openOrders(after: nil, limit: 3)
            let rest = try await store.openOrders(after: first.last?.id, limit: 3)
            #expect(first.map(\.id) + rest.map(\.id) == open)
            #expect(first.count == 3)
            #expect(try await store.openOrders(after: open.last, limit: 3).isEmpty)
        }
    }

    @Test("A process that lost its lease cannot write over its successor's journal")
    func fenced() async throws {
        try await withStore { store, time async throws in
            let order = try await store.makeOrder(try await store.makeDevice())
            let old = try #require(try await store.acquireLease("device:dev1", lifetime: .seconds(10)).lease)
            _ = try await store.advanceOrder(order.id, to: .created, OrderChange(), holding: old)
            time.advance(by: 11)
            let new = try #require(try await store.acquireLease("device:dev1", lifetime: .seconds(10)).lease)
            let error = await #expect(throws: FleetStoreError.self) {
                try await store.advanceOrder(order.id, to: .published, OrderChange(), holding: old)
            }
            #expect(error?.code == .leaseLost)
            #expect(try await store.order(order.id)?.step == .created)
            _ = try await store.advanceOrder(order.id, to: .published, OrderChange(), holding: new)
            #expect(try await store.order(order.id)?.step == .published)
        }
    }
}

extension LeaseOutcome {
    var lease: Lease? { if case .acquired(let lease) = self { lease } else { nil } }
    var holder: LeaseHolder? { if case .held(let holder) = self { holder } else { nil } }
}

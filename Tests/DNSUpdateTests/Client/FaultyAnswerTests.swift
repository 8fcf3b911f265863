import DNSUpdate
import TestSupport
import Testing

/// What stands between the client and BIND forges, alters, repeats or loses the answer. The update itself arrives, so
/// nothing but a genuine answer may say so.
@Suite("Answers that lie (RFC 8945 §5.3, §5.4)")
struct FaultyAnswerTests {
    private struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// nil: acknowledged.
        let failure: UpdateFailure.Code?
        /// What the client gets instead of BIND's answer.
        let steps: @Sendable (_ answer: [UInt8], _ request: [UInt8]) throws -> [FaultProxy.Step]

        init(
            _ description: String, _ failure: UpdateFailure.Code?,
            _ steps: @escaping @Sendable (_ answer: [UInt8], _ request: [UInt8]) throws -> [FaultProxy.Step]
        ) {
            self.testDescription = description
            self.failure = failure
            self.steps = steps
        }
    }

    /// owner root, type A, class IN, TTL 0, 127.0.0.1
    private static let extraRecord: [UInt8] = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]

    private static let faults: [Fault] = [
        Fault("unsigned NOERROR", .answerNotTrusted) { _, request in
            [.send(AnswerForger.header(answering: request, .noError))]
        },
        Fault("unsigned REFUSED", .answerNotTrusted) { _, request in
            [.send(AnswerForger.header(answering: request, .refused))]
        },
        Fault("unsigned NOTAUTH without a TSIG", .answerNotTrusted) { _, request in
            [.send(AnswerForger.header(answering: request, .notAuth))]
        },
        Fault("the response code altered", .answerNotTrusted) { answer, _ in
            [.send(answer.replacing(3) { $0 ^ 5 })]
        },
        Fault("the zone section altered", .answerNotTrusted) { answer, _ in
            [.send(answer.replacing(13) { $0 ^ 1 })]
        },
        Fault("the MAC altered", .answerNotTrusted) { answer, _ in
            // Original ID, error and other length follow the MAC.
            [.send(answer.replacing(answer.count - 7) { ~$0 })]
        },
        Fault("two TSIGs", .answerNotTrusted) { answer, _ in
            [.send(AnswerForger.appending(try AnswerForger.signature(of: answer), to: answer))]
        },
        Fault("a record after the TSIG", .answerNotTrusted) { answer, _ in
            [.send(AnswerForger.appending(extraRecord, to: answer))]
        },
        Fault("bytes after the last record", .answerNotTrusted) { answer, _ in [.send(answer + [0])] },
        Fault("the request itself reflected", .answerNotTrusted) { _, request in [.send(request)] },
        Fault("another opcode", .answerNotTrusted) { _, request in
            [.send(AnswerForger.header(answering: request, .noError, opcode: .query))]
        },
        Fault("5,000 bytes", .answerNotTrusted) { answer, _ in
            [.send(answer + [UInt8](repeating: 0, count: 5_000 - answer.count))]
        },
        Fault("11 bytes", .noAnswer) { answer, _ in [.send(Array(answer.prefix(11)))] },
        Fault("cut in the middle", .noAnswer) { answer, _ in
            [.sendBytes([0, UInt8(answer.count)] + answer.prefix(20)), .close]
        },
        Fault("the connection closed instead", .noAnswer) { _, _ in [.close] },
        Fault("the connection reset instead", .noAnswer) { _, _ in [.reset] },
        Fault("a forged unsigned BADKEY", .badKey) { _, request in
            [.send(try AnswerForger.unsignedError(answering: request, .badKey))]
        },
        Fault("a forged unsigned BADTIME", .answerNotTrusted) { _, request in
            [.send(try AnswerForger.unsignedError(answering: request, .badTime))]
        },
        Fault("another ID first", nil) { answer, _ in [.send(answer.replacing(0) { ~$0 }), .send(answer)] },
        Fault("twice", nil) { answer, _ in [.send(answer), .send(answer)] },
        Fault("in pieces", nil) { answer, _ in
            [.sendBytes([0]), .sendBytes([UInt8(answer.count)]), .sendBytes(Array(answer.prefix(1)))]
                + answer.dropFirst().map { .sendBytes([$0]) }
        },
        Fault("with the next one in the same segment", nil) { answer, _ in
            [.sendBytes(Array(repeating: [0, UInt8(answer.count)] + answer, count: 3).flatMap(\.self))]
        },
    ]

    @Test("Only the genuine answer counts, and the next update is not disturbed", arguments: faults)
    private func fault(_ fault: Fault) async throws {
        let request = Watched<[UInt8]>([])
        try await Devices.with { devices in
            try await FaultProxy.with(
                serverPort: devices.named.port,
                script: { passing in
                    guard passing.number == 1 else { return [.pass] }
                    if passing.direction == .toServer {
                        request.update { $0 = passing.message }
                        return [.pass]
                    }
                    return (try? fault.steps(passing.message, request.read { $0 })) ?? []
                }
            ) { proxy in
                let client = devices.client(at: proxy.endpoint)
                if let code = fault.failure {
                    let failure = try await client.failure(of: devices.address("dev1"))
                    #expect(failure.code == code, "\(failure)")
                    #expect(failure.mayHaveBeenApplied == (code != .badKey))
                    #expect(failure.message.contains("127.0.0.1:\(proxy.port)"))
                } else {
                    try await client.send(devices.address("dev1"))
                }
                #expect(try await devices.named.values("dev1.devices.example.com", "A") == ["10.0.0.1"])
                try await client.send(devices.address("dev2"))
                // RFC 8945 §5.3.1: a connection that brought something unverifiable is closed.
                let mustReconnect = fault.failure != nil && fault.failure != .badKey
                #expect(proxy.connectionCount == (mustReconnect ? 2 : 1))
                await client.close()
            }
        }
    }

    private struct Signature: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let forger: AnswerForger
        let evidence: String
    }

    private static let signatures: [Signature] = [
        Signature(
            testDescription: "§5.4: outside the fudge", forger: AnswerForger(timeOffset: -400),
            evidence: "outside the fudge"),
        Signature(
            testDescription: "§5.2.2.1: the MAC shorter than the key's", forger: AnswerForger(macLength: 16),
            evidence: "fewer than the 32 agreed on"),
        Signature(
            testDescription: "§5.2.2.1: a MAC too short for any policy", forger: AnswerForger(macLength: 4),
            evidence: "4 octets"),
    ]

    @Test("A signature with the right secret can still be no answer", arguments: signatures)
    private func signature(_ signature: Signature) async throws {
        let key = try TestTSIGKey("ddns-key").loaded()
        let failure = try await failure(key, signature.forger)
        #expect(failure.code == .answerNotTrusted)
        #expect(failure.evidence.contains(signature.evidence), "\(failure.evidence)")
    }

    @Test("RFC 8945 §5.2.1: an answer signed with another key of the same server is no answer")
    func otherKey() async throws {
        let key = try TestTSIGKey("ddns-key").loaded()
        let other = try TestTSIGKey("other-key").loaded()
        let failure = try await failure(key, AnswerForger(key: other))
        #expect(failure.code == .answerNotTrusted)
        #expect(failure.evidence.contains("another key"))
    }

    @Test("RFC 8945 §5.2.3: a BADTIME while the clocks agree is signed again, a bounded number of times")
    func reordering() async throws {
        let key = try TestTSIGKey("ddns-key").loaded()
        let zone = try DomainName(Devices.zoneText)
        let seen = Watched<[[UInt8]]>([])
        try await LoopbackTCPServer.with { connection in
            while let request = try await connection.readMessage() {
                let count = seen.update { seen in
                    seen.append(request)
                    return seen.count
                }
                let now = Array(withUnsafeBytes(of: WallClock.system.now.bigEndian, Array.init).suffix(6))
                let answer =
                    count == 3 ? AnswerForger() : AnswerForger(code: .notAuth, error: .badTime, otherData: now)
                try await connection.writeMessage(answer.answer(to: request, signedWith: key))
            }
        } _: { port in
            let client = UpdateClient(zone: zone, primaries: [.loopback(port)], key: key)
            try await client.send(UpdateMessage(zone: zone))
            let requests = seen.read { $0 }
            #expect(requests.count == 3)
            // Each attempt is a message of its own, with exactly one TSIG.
            #expect(Set(requests.map { $0[0...1] }).count == 3)
            #expect(requests.allSatisfy { $0[10] == 0 && $0[11] == 1 })

            let failure = try await client.failure(of: UpdateMessage(zone: zone))
            #expect(failure.code == .badTime)
            #expect(seen.read { $0.count } == 6)
            await client.close()
        }
    }

    /// What a client makes of a server that answers as `forger` says.
    private func failure(_ key: TSIGKey, _ forger: AnswerForger) async throws -> UpdateFailure {
        let zone = try DomainName(Devices.zoneText)
        return try await LoopbackTCPServer.with { connection in
            while let request = try await connection.readMessage() {
                try await connection.writeMessage(forger.answer(to: request, signedWith: key))
            }
        } _: { port in
            let client = UpdateClient(zone: zone, primaries: [.loopback(port)], key: key)
            let failure = try await client.failure(of: UpdateMessage(zone: zone))
            await client.close()
            return failure
        }
    }
}

extension [UInt8] {
    /// With the octet at `index` changed.
    func replacing(_ index: Int, _ change: (UInt8) -> UInt8) -> [UInt8] {
        var bytes = self
        bytes[index] = change(bytes[index])
        return bytes
    }
}

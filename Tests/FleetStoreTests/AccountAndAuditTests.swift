import FleetStore
import Foundation
import Testing

@Suite("Accounts and the audit log")
struct AccountAndAuditTests {
    @Test("RFC 8555 §7.1: an account belongs to one directory, is known before the CA is asked, and is replaced whole")
    func accounts() async throws {
        try await withStore { store, time async throws in
            #expect(try await store.account(directoryURL: testDirectoryURL) == nil)
            var new = NewAccount(directoryURL: testDirectoryURL, keyFile: "account.key")
            let planned = try await store.saveAccount(new)
            #expect(planned.accountURL == nil)
            #expect(planned.contacts.isEmpty)
            time.advance(by: 5)
            new.accountURL = "https://ca.example/acct/1"
            new.contacts = ["mailto:b@example.com", "mailto:a@example.com"]
            new.status = "valid"
            let stored = try await store.saveAccount(new)
            #expect(stored.accountURL == "https://ca.example/acct/1")
            #expect(stored.contacts == ["mailto:b@example.com", "mailto:a@example.com"])
            #expect(stored.keyFile == "account.key")
            #expect(stored.createdAt == planned.createdAt && stored.updatedAt == time.now)
            #expect(try await store.account(directoryURL: testDirectoryURL) == stored)
            let other = try await store.saveAccount(NewAccount(directoryURL: "https://a.example/", keyFile: "b"))
            #expect(try await store.accounts() == [other, stored])
            new.contacts = ["mailto:a@example.com, mailto:b@example.com"]
            let invalid = new
            let error = await #expect(throws: FleetStoreError.self) { try await store.saveAccount(invalid) }
            #expect(error?.code == .invalidValue)
        }
    }

    @Test("The audit log lists newest first, by subject or all, in pages")
    func audit() async throws {
        try await withStore { store, time async throws in
            for number in 1...5 {
                time.advance(by: 1)
                try await store.appendAudit(
                    NewAuditEntry(
                        actor: "user:root", action: "issue", subject: number.isMultiple(of: 2) ? "even" : "odd",
                        origin: "cli", detail: "\(number)"))
            }
            let all = try await store.auditEntries(subject: nil, before: nil, limit: 10)
            #expect(all.map(\.detail) == ["5", "4", "3", "2", "1"])
            #expect(all.first?.at == time.now)
            #expect(all.first?.actor == "user:root" && all.first?.action == "issue" && all.first?.origin == "cli")
            let odd = try await store.auditEntries(subject: "odd", before: nil, limit: 2)
            #expect(odd.map(\.detail) == ["5", "3"])
            let rest = try await store.auditEntries(subject: "odd", before: odd.last?.id, limit: 2)
            #expect(rest.map(\.detail) == ["1"])
        }
    }
}

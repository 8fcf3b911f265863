import ACME
import CertificateFiles
import FleetStore
import FoundationEssentials

/// Keys that a roll-over which came to no end has left. None is ever deleted: a CA may carry a key change out long after
/// it was sent (a proxy or a queue that delivers late), and then the key that it did not know is the account's only one.
extension AccountManager {
    /// Most keys that the CA is asked about.
    private static let askedKeys = 8

    /// Whether the CA does not accept what was signed with the account's key: one that it has replaced makes a signature
    /// that does not verify (`malformed` with Boulder and pebble, RFC 8555 §6.2 `unauthorized`).
    static func refusesTheKey(_ error: ACMEError) -> Bool { [.malformed, .unauthorized].contains(error.code) }

    /// A process that died in the middle of a roll-over leaves the new key; the CA knows which of the two it has.
    func finishInterruptedRoll() async throws {
        guard let pem = try SecretFile.read(nextKeyPath) else { return }
        do {
            _ = try await client.findAccount(key: AccountKey(pem: pem))
            try SecretFile.move(nextKeyPath, to: keyPath)
        } catch let error as ACMEError where error.code == .accountDoesNotExist {
            try keep(nextKeyPath)
        }
    }

    /// Puts the right key in place when the one that is there is not known to the CA and one that was put aside is.
    func recoverKey(of record: AccountRecord?) async throws {
        guard let text = record?.accountURL, try !keptKeys().isEmpty, let key = try key() else { return }
        do throws(ACMEError) {
            _ = try await client.findAccount(key: key)
        } catch {
            guard error.code == .accountDoesNotExist else { throw error }
            _ = try await adoptKeptKey(of: ACMEURL(text))
        }
    }

    /// Looks for the account's key among those that were put aside, and changes places with it. Under the account's lease.
    ///
    /// - Returns: the session with it; nil when none of them is the account's.
    func adoptKeptKey(of account: ACMEURL) async throws -> AccountSession? {
        for path in try keptKeys().prefix(Self.askedKeys) {
            guard let pem = try SecretFile.read(path), let key = try? AccountKey(pem: pem) else { continue }
            do throws(ACMEError) {
                guard try await client.findAccount(key: key).url == account else { continue }
            } catch {
                guard [.accountDoesNotExist, .unauthorized].contains(error.code) else { throw error }
                continue
            }
            // The copy first: a crash in between leaves both.
            if let present = try SecretFile.read(keyPath) { try SecretFile.write(present, to: freeKeptPath()) }
            try SecretFile.move(path, to: keyPath)
            return client.session(account: account, key: key)
        }
        return nil
    }

    /// The keys that were put aside, latest first.
    func keptKeys() throws -> [String] {
        guard let slash = keyPath.lastIndex(of: "/") else { return [] }
        let (folder, prefix) = (String(keyPath[..<slash]), keyPath[keyPath.index(after: slash)...] + Self.keptMark)
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(prefix) }.sorted().reversed().map { folder + "/" + $0 }
    }

    private static let keptMark = ".unused-"

    private func keep(_ path: String) throws { try SecretFile.move(path, to: freeKeptPath()) }

    private func freeKeptPath() throws -> String {
        let base = keyPath + Self.keptMark + "\(Int64(now().timeIntervalSince1970))"
        var (path, number) = (base, 1)
        while try SecretFile.read(path) != nil {
            number += 1
            path = "\(base)-\(number)"
        }
        return path
    }
}

extension LookupAnswer {
    /// The zone of the server that the name asked for lies in, where the answer tells: it depends on the name alone, and
    /// a server may hold a zone below the one that is meant. Nothing is known of the zone of an alias.
    package var holdingZone: DomainName? {
        guard isAuthoritative, aliases.isEmpty, responseCode == .noError || responseCode == .nxDomain else {
            return nil
        }
        // RFC 2308 §3: the apex owns the SOA of a negative answer, and the NS records beside a positive one.
        let records = response.authority + (question.type == .soa ? response.answers : [])
        return records.first { record in
            (record.type == .soa || record.type == .ns) && question.name.isEqualOrBelow(record.name)
        }?.name
    }

    /// Makes sure that the answer is about a zone or one below it. A server that has lost a zone answers for the one above:
    /// that there is no such name says nothing then.
    ///
    /// - Throws: `notAuthoritative`.
    package func requireZone(_ zone: DomainName) throws(LookupFailure) {
        guard let holder = holdingZone, !holder.isEqualOrBelow(zone) else { return }
        throw LookupFailure(
            .notAuthoritative, server: server, question: question,
            evidence: "it answered for zone \(holder) and not for \(zone)")
    }

    /// The DNAME that the name asked for lies below (RFC 6672 §2.4): nothing can be published there.
    package var redirection: DomainName? {
        response.answers.first { record in
            record.type == .dname && question.name != record.name && question.name.isEqualOrBelow(record.name)
        }?.name
    }

    /// The alias that leads nowhere but back: a server follows it for a while and gives up with SERVFAIL.
    package var circle: DomainName? { responseCode == .servFail ? aliases.last : nil }
}

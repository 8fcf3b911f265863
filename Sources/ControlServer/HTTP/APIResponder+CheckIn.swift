import FleetAPI
import FleetStore
import FoundationEssentials
import Hummingbird
import NIOCore
import NIOHTTP1

extension APIResponder {
    /// Answers a check-in that changes nothing, without waiting for anything: what a fleet asks all day.
    ///
    /// It goes through the gates of every other request. Whoever does not come through all of them, or asks for more, gets
    /// nil, and the refusal or the change from ``respond(to:context:)``.
    func promptAnswer(to request: PlainCheckIn, over channel: any Channel) -> CheckInLane.Answer? {
        guard let device = authenticator.knownDevice(request.authorization),
            let answer = devices.promptAnswer(to: Array(request.body.readableBytesView), of: device),
            // The last one, so that nobody pays twice.
            deviceLimit.take(device.deviceID) == nil
        else { return nil }
        devices.noteSighting(of: device)
        let id = RequestID().description
        record(id, "POST", .checkIn, answer.status, channel.remoteAddress, since: request.start)
        var fields = HTTPHeaders()
        fields.reserveCapacity(6)
        if let type = answer.contentType { fields.add(name: "Content-Type", value: type) }
        fields.add(name: Self.requestIDName, value: id)
        for field in Self.fixedFields { fields.add(name: field.name, value: field.value) }
        fields.add(name: "Content-Length", value: String(answer.body.count))
        fields.add(name: "Date", value: dateField.text(at: authenticator.now()))
        return CheckInLane.Answer(fields: fields, body: answer.body)
    }
}

/// What a request's owner thinks of a message that arrived with the request's ID.
package enum AnswerVerdict<Answer: Sendable>: Sendable {
    /// The answer.
    case accepted(Answer)
    /// Not an answer to this request, or not one to believe. Over UDP the real one may still come, so the transport
    /// waits on (RFC 8945 §5.4). Over TCP the server itself is at fault and the connection is closed (RFC 8945 §5.3.1).
    case rejected(String)
}

/// A message ready to be sent, and the judge of its answers.
package struct OutgoingMessage<Answer: Sendable>: Sendable {
    /// The message, without TCP's length prefix. Its first two bytes are the ID.
    package let bytes: [UInt8]
    /// Called with each message that carries the request's ID. It runs on an event loop and must not block.
    package let judge: @Sendable ([UInt8]) -> AnswerVerdict<Answer>

    package init(bytes: [UInt8], judge: @escaping @Sendable ([UInt8]) -> AnswerVerdict<Answer>) {
        self.bytes = bytes
        self.judge = judge
    }
}

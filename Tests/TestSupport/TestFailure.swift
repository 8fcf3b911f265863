/// What went wrong in the test's surroundings (a missing tool, a daemon that died, a wait that took too long), with
/// the evidence. Thrown, so that a test fails instead of hanging or skipping.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

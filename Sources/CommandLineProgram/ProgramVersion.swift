/// What `--version` prints and what the User-Agent tells the other side; all programs of this package have the same.
package enum ProgramVersion {
    package static let number = "0.1.0"
}

import FleetAPI
import Testing

@testable import ControlServer

@Suite("RFC 7493 §2.3: a member that an object has twice is refused, since readers differ in which one counts")
struct RepeatedMembersTests {
    @Test(
        "in any object, at any depth, however it is written",
        arguments: [
            (#"{"name":"a","name":"b"}"#, "name"), (#"{"a":1,"b":{"c":[{"d":1,"e":2,"d":3}]}}"#, "d"),
            (#"{ "name" : 1 , "n\u0061me" : 2 }"#, "name"), (#"[{"x":"{"},{"y":1,"y":2}]"#, "y"),
            (#"{"a\"b":1,"a\"b":2}"#, "a\"b"), (#"{"":1,"":2}"#, ""), (#"{"a":{"a":1},"a":2}"#, "a"),
        ])
    func found(text: String, name: String) {
        #expect(RepeatedMembers.first(in: Array(text.utf8)) == name)
    }

    @Test(
        "values, strings that look like members, and what is no JSON are none",
        arguments: [
            #"{"a":"a","b":"a"}"#, #"{"a":{"a":{"a":1}}}"#, #"["a","a"]"#, #"{"a":"\"a\":1,\"a\":2"}"#,
            #"{"a":1,"A":2}"#, "", "\"", "\"\\", "{\"a\":1,\"a", "]}{", #"{"a":1,"a"}"#, #"{"e\u0301":1,"\u00e9":2}"#,
        ])
    func none(text: String) {
        #expect(RepeatedMembers.first(in: Array(text.utf8)) == nil)
    }

    @Test("a line of an import file that names a device twice makes neither")
    func importLine() throws {
        let lines = try ImportFile.read(
            Array("{\"name\":\"dev1\",\"name\":\"dev2\"}\n{\"name\":\"dev3\"}\n".utf8), contentType: MediaType.jsonLines
        )
        #expect(lines.map { (try? $0.device.get())?.name } == [nil, "dev3"])
    }
}

import FleetAPI
import Testing

@testable import ControlServer

@Suite("Importing a fleet")
struct ImportFileTests {
    private func read(_ text: String, _ type: String = MediaType.csv) throws -> [ImportFile.Line] {
        try ImportFile.read(Array(text.utf8), contentType: type)
    }

    @Test("RFC 4180: quotes, commas, line ends and doubled quotes within a field; lines are counted as they stand")
    func csv() throws {
        let lines = try read(
            "\u{FEFF}name,tags,description,addresses\r\na,\"x y\",\"one, \"\"two\"\"\nthree\",10.0.0.1;fd00::1\r\n\r\nb,,,\r\n"
        )
        #expect(lines.map(\.number) == [2, 5])
        let first = try lines[0].device.get()
        #expect(first.name == "a" && first.tags == ["x", "y"] && first.description == "one, \"two\"\nthree")
        #expect(first.addresses == ["10.0.0.1", "fd00::1"])
        #expect(try lines[1].device.get().tags == [])
    }

    @Test("a line with too many or too few fields is that line's fault")
    func ragged() throws {
        let lines = try read("name,tags\na,b\nc\nd,e,f\ng,h\n")
        #expect(lines.map { (try? $0.device.get().name) ?? "-" } == ["a", "-", "-", "g"])
    }

    @Test(
        "a file that is none is refused as a whole",
        arguments: ["a,b\n1,2\n", "name,name\n", "name,colour\n", "name\n\"open\n", ""])
    func unusable(text: String) throws {
        #expect(throws: APIProblem.self) { try read(text) }
    }

    @Test("an unknown column or member is named, since what is in it would be lost; so is a value of the wrong kind")
    func unknown() throws {
        #expect { try read("name,colour\na,red\n") } throws: {
            ($0 as? APIProblem)?.document.detail?.contains("colour") == true
        }
        let lines = try read(
            "{\"name\":\"a\",\"adresses\":[\"10.0.0.1\"]}\n{\"name\":\"b\",\"tags\":\"north\"}\n", MediaType.jsonLines)
        let details = lines.map { line in
            if case .failure(let problem) = line.device { problem.document.detail ?? "" } else { "taken" }
        }
        #expect(details[0].contains("adresses") && details[1].contains("tags") && details[1].contains("list"))
    }

    @Test("JSON Lines: one device a line, what cannot be read is that line's fault")
    func jsonLines() throws {
        let lines = try read(
            "{\"name\":\"a\"}\n\n[]\n{\"name\":1}\n{\"name\":\"b\",\"tags\":[\"t\"]}", MediaType.jsonLines)
        #expect(lines.map(\.number) == [1, 3, 4, 5])
        #expect(lines.map { (try? $0.device.get().name) ?? "-" } == ["a", "-", "-", "b"])
    }

    @Test("JSON Lines whose lines end as Windows ends them are the same lines")
    func windowsLines() throws {
        let lines = try read("{\"name\":\"a\"}\r\n\r\n{\"name\":\"b\"}\r\n[]\r\n", MediaType.jsonLines)
        #expect(lines.map(\.number) == [1, 3, 4])
        #expect(lines.map { (try? $0.device.get().name) ?? "-" } == ["a", "b", "-"])
    }

    @Test("another type, or bytes that are no text")
    func types() {
        #expect { try ImportFile.read([], contentType: nil) } throws: { ($0 as? APIProblem)?.status == 415 }
        #expect { try ImportFile.read([0xFF], contentType: MediaType.csv) } throws: {
            ($0 as? APIProblem)?.status == 400
        }
    }
}

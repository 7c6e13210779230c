import Subprocess
import SystemPackage
import Tools
import Values

/// The lines of a file that has a JSON value a line, also compressed by gzip; `-` is standard input. Rows of many megabytes, read one at a time.
final class JSONLines {
    struct Line {
        let value: JSONValue
        /// File and line, for messages.
        let place: String
    }

    private let bytes: [UInt8]
    private let name: String
    private var number = 0
    private var start: Int

    init(_ path: String) async throws {
        bytes = try await Self.bytes(path)
        name = path == "-" ? "stdin" : path
        start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Blank lines are passed over.
    func next() throws -> Line? {
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = start..<end
            number += 1
            start = end + 1
            guard bytes[line].contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            do throws(JSONParseError) {
                let value = try bytes.withUnsafeBufferPointer { (all) throws(JSONParseError) in try JSONParser.parse(UnsafeBufferPointer(rebasing: all[line])) }
                return Line(value: value, place: "\(name):\(number)")
            } catch {
                throw UsageError("\(name):\(number):\(error.column): \(error.message)", hint: "each line is one JSON object")
            }
        }
        return nil
    }

    private static func bytes(_ path: String) async throws -> [UInt8] {
        let bytes: [UInt8]
        do throws(RegularFile.Problem) {
            bytes = path == "-" ? try RegularFile.standardInput(atMost: 1 << 30) : try RegularFile.bytes(of: path, atMost: 1 << 30, .named)
        } catch {
            throw UsageError(error.message, hint: error.hint)
        }
        guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
        guard let input = UnnamedFile.holding(bytes) else { throw UsageError("cannot read \(path): there is no room for a copy of it", hint: "unpack the file first") }
        let (status, unpacked, fault): (TerminationStatus, [UInt8], String)
        do {
            let result = try await Subprocess.run(.name("gzip"), arguments: ["-dc"], input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: .bytes(limit: 1 << 30), error: .string(limit: 1 << 16))
            (status, unpacked, fault) = (result.terminationStatus, result.standardOutput, result.standardError)
        } catch {
            throw UsageError("cannot read \(path): gzip did not run: \(error)", hint: "unpack the file first")
        }
        guard case .exited(0) = status else {
            throw UsageError("cannot read \(path): \(fault.lines.first { !$0.isBlank }.map { String($0) } ?? "gzip failed")", hint: "the file is damaged, or larger than 1 GiB unpacked")
        }
        return unpacked
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The bytes of a text file and where its lines begin: finds the place of each byte.
///
/// Lines end with `\n`, whatever stands before it; columns are counted in Unicode scalars, as ``SourceLocation`` says.
public final class SourceBytes: Sendable {
    /// Between two of the places whose scalars are counted beforehand: a line of megabytes is not read from its start for each place in it.
    private static let stride = 256

    public let bytes: [UInt8]
    private let start: SourceLocation
    /// Where each line begins.
    private let lineStarts: [Int]
    /// How many scalars stand before every 256th byte; empty where each byte is one.
    private let scalarCounts: [Int]

    /// - Parameter start: the place of the first byte, which is the file's first unless the text is a part of one.
    public init(_ bytes: [UInt8], at start: SourceLocation) {
        self.bytes = bytes
        self.start = start
        var lineStarts = [0]
        var union: UInt8 = 0
        bytes.withUnsafeBufferPointer { bytes in
            for byte in bytes { union |= byte }
            var start = 0
            while start < bytes.count, let found = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start) {
                start = UnsafeRawPointer(found) - UnsafeRawPointer(bytes.baseAddress!) + 1
                lineStarts.append(start)
            }
        }
        let isASCII = union < 0x80
        self.lineStarts = lineStarts
        var counts: [Int] = []
        if !isASCII {
            var count = 0
            for (offset, byte) in bytes.enumerated() {
                if offset % Self.stride == 0 { counts.append(count) }
                if byte & 0xC0 != 0x80 { count += 1 }
            }
        }
        scalarCounts = counts
    }

    public var file: String { start.file }

    /// The place of a byte, or of the end.
    public func location(ofByte offset: Int) -> SourceLocation {
        let offset = min(max(offset, 0), bytes.count)
        let line = line(ofByte: offset)
        let column = scalars(before: offset) - scalars(before: lineStarts[line])
        return SourceLocation(file: start.file, line: start.line + line, column: (line == 0 ? start.column : 1) + column)
    }

    /// Where the scalar of a number begins, counted from 0.
    public func offset(ofScalar index: Int) -> Int {
        guard !scalarCounts.isEmpty else { return min(index, bytes.count) }
        var (low, high) = (0, scalarCounts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if scalarCounts[middle] <= index { low = middle } else { high = middle }
        }
        var offset = low * Self.stride
        var count = scalarCounts[low]
        while offset < bytes.count {
            if bytes[offset] & 0xC0 != 0x80 {
                if count == index { return offset }
                count += 1
            }
            offset += 1
        }
        return bytes.count
    }

    /// The byte at a place; the end where the place is behind it.
    public func offset(of location: SourceLocation) -> Int {
        let line = location.line - start.line
        guard lineStarts.indices.contains(line) else { return bytes.count }
        let column = location.column - (line == 0 ? start.column : 1)
        return offset(ofScalar: scalars(before: lineStarts[line]) + column)
    }

    /// The bytes of the line that a byte stands in, without its end.
    public func line(around offset: Int) -> ArraySlice<UInt8> {
        let line = line(ofByte: min(max(offset, 0), bytes.count))
        let end = line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count
        let text = bytes[lineStarts[line]..<end]
        return text.last == 0x0D ? text.dropLast() : text
    }

    private func line(ofByte offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    private func scalars(before offset: Int) -> Int {
        guard !scalarCounts.isEmpty else { return offset }
        let mark = min(offset / Self.stride, scalarCounts.count - 1)
        var count = scalarCounts[mark]
        for index in (mark * Self.stride)..<offset where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}

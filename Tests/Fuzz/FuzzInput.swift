/// What one trial is given: a main file and those that it may name.
struct FuzzInput {
    var files: [(name: String, bytes: [UInt8])]

    init(_ name: String, _ bytes: [UInt8]) { files = [(name, bytes)] }
    init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    mutating func add(_ name: String, _ text: String) { files.append((name, Array(text.utf8))) }

    var main: [UInt8] { files[0].bytes }
    var text: String { String(decoding: main, as: UTF8.self) }

    /// Cuts every file to a size.
    mutating func limit(to bytes: Int) {
        for index in files.indices where files[index].bytes.count > bytes { files[index].bytes.removeLast(files[index].bytes.count - bytes) }
    }

    func bytes(of name: String) -> [UInt8]? { files.first { $0.name == name }?.bytes }
}

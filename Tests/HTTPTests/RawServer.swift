import Glibc
import Values

/// A server for what no HTTP server does: a closure handles the connections one after another on a thread of its own.
final class RawServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let thread: Mutex<pthread_t?> = Mutex(nil)

    private final class Context {
        let listener: Int32
        let handle: @Sendable (RawConnection, Int) -> Void
        init(_ listener: Int32, _ handle: @escaping @Sendable (RawConnection, Int) -> Void) {
            self.listener = listener
            self.handle = handle
        }
    }

    /// - Parameter handle: gets each connection and its number from 1; the connection is closed when it returns.
    init(_ handle: @escaping @Sendable (RawConnection, Int) -> Void) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        precondition(isListening)
        port = UInt16(bigEndian: address.sin_port)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                let context = Unmanaged<Context>.fromOpaque(context!).takeRetainedValue()
                var number = 0
                while true {
                    let descriptor = accept(context.listener, nil, nil)
                    guard descriptor >= 0 else { return nil }
                    number += 1
                    context.handle(RawConnection(descriptor: descriptor), number)
                    close(descriptor)
                }
            }, Unmanaged.passRetained(Context(listener, handle)).toOpaque())
        self.thread.withLock { $0 = thread }
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    func stop() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        pthread_join(thread, nil)
        close(listener)
    }
}

struct RawConnection {
    let descriptor: Int32

    /// Reads byte by byte to the blank line, and no further; `nil` when the client left before.
    func readHead() -> String? {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard read(descriptor, &byte, 1) == 1 else { return nil }
            head.append(byte)
        }
        return String(decoding: head, as: UTF8.self)
    }

    func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Blocks until the client leaves.
    func waitForClose() {
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) > 0 {}
    }
}

/// Sends `pieces` to a port of 127.0.0.1 one by one and reads until the answer contains `mark` or ends.
func sendRaw(_ pieces: [String], to port: UInt16, until mark: String) -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
    guard isConnected else { return "" }
    for piece in pieces { RawConnection(descriptor: descriptor).send(piece) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: answer, as: UTF8.self).contains(mark) {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
}

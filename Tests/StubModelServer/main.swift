// A fake OpenAI-compatible server to try workflows and benchmarks against.
//
//     stub-model-server [--port N] [--latency-ms N] [--mode echo|schema|fixed] [--key KEY] [--cache] [--print-port] [--until-eof]
//
// With --cache it has a prompt cache as vendors have them, which StubPromptCache.swift describes.
// Prints `listening on http://127.0.0.1:PORT/v1` (with --print-port the number only) and serves until SIGTERM or SIGINT, or
// with --until-eof until its standard input ends. Models whose names begin with `stub-` behave as StubBehaviour.swift lists,
// in every mode: stub-429, stub-html, stub-truncated-stream, stub-500-once+50ms, ...
import Glibc
import StubServer

func fail(_ message: String) -> Never {
    let line = "stub-model-server: \(message)\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(2)
}

nonisolated func terminateAtEOF() {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { _ in
            while getchar() != EOF {}
            kill(getpid(), SIGTERM)
            return nil
        }, nil)
}

var options = StubOptions(recordsRequests: false)
var printsPort = false
var stopsAtEOF = false
var arguments = Array(CommandLine.arguments.dropFirst().reversed())

@MainActor func number(after flag: String) -> Int {
    guard let text = arguments.popLast(), let value = Int(text), value >= 0 else { fail("\(flag) needs a number") }
    return value
}

while let argument = arguments.popLast() {
    switch argument {
    case "--port":
        guard let port = UInt16(exactly: number(after: argument)) else { fail("--port needs a number up to 65535") }
        options.port = port
    case "--latency-ms": options.latencyMilliseconds = number(after: argument)
    case "--mode":
        switch arguments.popLast() {
        case "echo": options.content = .echo
        case "schema": options.content = .schema
        case "fixed": options.content = .text("ok")
        default: fail("--mode needs echo, schema or fixed")
        }
    case "--key":
        guard let key = arguments.popLast() else { fail("--key needs a value") }
        options.requiredKey = key
    case "--cache": options.cache = StubCacheOptions()
    case "--print-port": printsPort = true
    case "--until-eof": stopsAtEOF = true
    case "--help", "-h":
        print("usage: stub-model-server [--port N] [--latency-ms N] [--mode echo|schema|fixed] [--key KEY] [--cache] [--print-port] [--until-eof]")
        exit(0)
    default: fail("unknown argument '\(argument)'")
    }
}

// Blocked before the server's thread starts, which inherits the mask: the signals wait for `sigwait` below.
var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGINT)
sigaddset(&signals, SIGTERM)
pthread_sigmask(SIG_BLOCK, &signals, nil)

do {
    let server = try StubModelServer(options)
    print(printsPort ? "\(server.port)" : "listening on \(server.baseURL)")
    fflush(nil)
    if stopsAtEOF { terminateAtEOF() }
    var signal: Int32 = 0
    sigwait(&signals, &signal)
    server.stop()
} catch {
    fail("\(error)")
}

import Glibc
import Values

/// What is found out about one input.
final class Trial {
    /// Processor time that one operation may take, in seconds; `nil` where time is not judged.
    let timeLimit: Double?
    private(set) var findings: [String] = []
    /// The slowest operation so far and its processor time in seconds.
    private(set) var slowest: (what: String, seconds: Double) = ("", 0)

    /// What the program said of the input, as it prints it.
    private(set) var printed = ""

    init(timeLimit: Double?) { self.timeLimit = timeLimit }

    func report(_ finding: String) { findings.append(finding) }

    func expect(_ condition: Bool, _ finding: @autoclosure () -> String) {
        if !condition { report(finding()) }
    }

    /// Processor time and not time by the clock: what else the machine does is no fault of the input.
    func measure<Value, Failure: Error>(_ what: String, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        let begin = Self.processorTime
        defer {
            let seconds = Self.processorTime - begin
            if seconds > slowest.seconds { slowest = (what, seconds) }
            if let timeLimit, seconds > timeLimit { report("\(what) takes \(Int(seconds * 1000)) ms") }
        }
        return try body()
    }

    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What is printed of problems has to be there, be placed, and be printed in time.
    func check(_ problems: Diagnostics, mayBeEmpty: Bool = false) {
        expect(mayBeEmpty || !problems.all.isEmpty, "refused without a reason")
        for problem in problems.all {
            expect(!problem.message.isEmpty && !problem.code.isEmpty, "a problem without words")
            guard let range = problem.range else { continue }
            expect(range.start.line >= 1 && range.start.column >= 1, "\(problem.code) stands at \(range.start)")
            expect((range.start.line, range.start.column) <= (range.end.line, range.end.column), "\(problem.code) ends before it begins: \(range)")
        }
        let text = measure("printing \(problems.all.count) problems") { DiagnosticFormatter(usesColor: true).format(problems, .first(all: "--all")) }
        printed += text
        expect(problems.all.isEmpty || !text.isEmpty, "problems that print as nothing")
    }
}

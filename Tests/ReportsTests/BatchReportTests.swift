import Economics
import Reports
import Testing
import Values
import WorkflowModel

@Suite struct BatchReportTests {
    /// S2
    @Test(arguments: [1, 8, 20, 30, 40, 60, 80, 140]) func theLineNeverLosesAFailure(width: Int) {
        let progress = BatchReport.Progress(total: 50, succeeded: 46, failed: 3, running: 1, startedAt: start)
        let line = BatchReport.progressLine(progress, now: after(9_000), style: style(width))
        #expect(line.terminalWidth <= width && (width < 20 || (line.contains("49/50") && line.contains("3 failed"))), "\(line)")
    }

    private let progress = BatchReport.Progress(total: 400, succeeded: 117, failed: 3, running: 64, spending: spent("0.0123"), startedAt: start)

    @Test(arguments: [
        (nil, "[██████              ]  120/400  3 failed  64 running  12.4/s  ETA 22s  $0.0123"),
        (60, "120/400  3 failed  64 running  12.4/s  ETA 22s  $0.0123"),
        (40, "120/400  3 failed  ETA 22s  $0.0123"),
        (20, "120/400  3 failed"),
        (5, "120/…"),
    ])
    func progressLine(width: Int?, expected: String) {
        #expect(BatchReport.progressLine(progress, now: after(9_700), style: style(width)) == expected)
    }

    @Test func progressAtItsEnds() {
        #expect(BatchReport.progressLine(.init(total: 3, startedAt: start), now: start, style: style(unicode: false)) == "[....................]  0/3  $0.00")
        #expect(
            BatchReport.progressLine(.init(total: 3, succeeded: 3, spending: spent("0", calls: 2, unpriced: 1), startedAt: start), now: after(60_000), style: style(unicode: false))
                == "[####################]  3/3  3.0/min  >= $0.00")
        #expect(BatchReport.progressLine(.init(total: 0, startedAt: start), now: start, style: style()).hasSuffix("0/0  $0.00"))
    }

    @Test func summaryGroupsFailures() {
        let outcomes = (1...40).map { line in
            BatchReport.Outcome(
                line: line, status: line % 9 == 0 ? .failed : line == 40 ? .interrupted : .succeeded,
                failureKind: line % 9 == 0 ? (line == 9 ? "timeout" : "rate_limit") : nil,
                message: line % 9 == 0 ? "the server said no to line \(line)" : nil, spending: spent("0.0001"),
                duration: .milliseconds(Int64(line) * 100))
        }
        #expect(
            BatchReport.summary(outcomes, elapsed: .milliseconds(12_300), style: style(80)) == """
                40 runs in 12.3s   35 succeeded   5 failed
                cost $0.004   $0.0001 a run
                duration p50 2s   p95 3.8s
                3 × rate_limit
                  line 18: the server said no to line 18
                1 × interrupted
                  line 40: interrupted
                1 × timeout
                  line 9: the server said no to line 9

                """)
        #expect(BatchReport.summary([], elapsed: .seconds(0), style: style()) == "the batch is empty: its file holds no lines\n")
    }
}

import TestSupport
import Testing
import Values
import WorkflowModel

@testable import Reports

/// What replaying a folder of bundles found, as people and CI servers read it.
@Suite struct GoldenReportTests {
    private static func report(_ verdict: ReplayReport.Verdict, _ difference: ReplayDifference? = nil) -> ReplayReport {
        var report = ReplayReport(run: "r")
        (report.verdict, report.difference) = (verdict, difference)
        (report.facts, report.steps, report.calls) = (12, 3, 2)
        if verdict == .redacted { report.redacted = 4 }
        return report
    }

    private static let difference = ReplayDifference(
        .request, at: "draft", sequence: 7, expected: "{\"a\":1}\nWrite to Ann\nplease\nnow", found: "{\"a\":1}\nWrite to <Bob> & \u{1}\nplease\nnow", firstByte: 17, "the request has other bytes")

    private static var all: GoldenReport {
        var golden = GoldenReport(folder: "golden \"a\"")
        golden.entries = [
            GoldenReport.Entry(name: "a.bundle", run: "r", workflow: "w", report: report(.identical), time: .milliseconds(42)),
            GoldenReport.Entry(name: "b.bundle", run: "r", workflow: "w", report: report(.redacted), time: .milliseconds(1)),
            GoldenReport.Entry(name: "c.bundle", run: "r", workflow: "w", report: report(.different, difference), time: .milliseconds(1_007)),
            GoldenReport.Entry(name: "d.bundle", problem: "d.bundle is not as it was written:\n  line 3, fact 2 (x), is <odd>", time: .milliseconds(0)),
        ]
        return golden
    }

    @Test func everyVerdictHasItsLine() {
        let texts = Self.all.entries.map { GoldenReport.text($0, style: .plain) }
        #expect(texts[0] == "ok  a.bundle  3 steps, 2 calls, 12 facts\n")
        #expect(texts[1] == "redacted  b.bundle  3 steps, 2 calls, 12 facts, 4 documents by hash alone\n")
        #expect(
            texts[2] == """
                different  c.bundle  3 steps, 2 calls, 12 facts
                  request of 'draft', fact 7: the request has other bytes
                  the first different byte is 17
                    {"a":1}
                  - Write to Ann
                    please
                    now
                    {"a":1}
                  + Write to <Bob> & \u{1}
                    please
                    now

                """)
        #expect(texts[3].hasPrefix("unreadable  d.bundle\n  d.bundle is not as it was written:"), "\(texts[3])")
        #expect(Self.all.summary(style: .plain) == "4 bundles, 1 ok, 1 redacted, 1 different, 1 unreadable\n")
    }

    /// A line of 100,000 characters is told from where it differs.
    @Test func longLinesAreToldWhereTheyDiffer() {
        let long = String(repeating: "x", count: 50_000)
        let difference = ReplayDifference(.output, at: "", expected: long + "A" + long, found: long + "B" + long, "other outputs")
        let lines = DifferenceText.lines(of: difference, .plain).map { $0.rendered(.plain) }
        #expect(lines[0] == "  output of the run: other outputs" && lines[1] == "  the first different byte is 50000")
        #expect(lines.allSatisfy { $0.count < 200 } && lines[2].contains("xAx") && lines[3].contains("xBx"))
        // Of what one side alone has.
        let missing = ReplayDifference(.call, at: "a", expected: "try 2", "is not made")
        #expect(DifferenceText.lines(of: missing, .plain).map { $0.rendered(.plain) } == ["  call of 'a': is not made", "  - try 2"])
        // Beyond the end, and in the middle of a letter.
        for (expected, found) in [("abc", "abcd"), ("", "x"), ("ü", "ö"), ("a\n", "a\n\n")] {
            #expect(DifferenceText.lines(of: ReplayDifference(.output, at: "a", expected: expected, found: found, "m"), .plain).count >= 4)
        }
    }

    @Test func ciServersReadIt() {
        let xml = Self.all.junit
        #expect(xml.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"agentctl replay\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"0\" time=\"1.050\">\n"), "\(xml)")
        #expect(xml.contains("<testsuite name=\"golden &quot;a&quot;\" tests=\"4\""))
        #expect(xml.contains("<testcase classname=\"w\" name=\"a.bundle\" time=\"0.042\"/>\n"))
        #expect(xml.contains("<testcase classname=\"w\" name=\"c.bundle\" time=\"1.007\">\n      <failure type=\"request\" message=\"the request has other bytes\">"))
        #expect(xml.contains("+ Write to &lt;Bob&gt; &amp; \u{FFFD}&#10;"))
        #expect(xml.contains("<testcase classname=\"bundle\" name=\"d.bundle\" time=\"0.000\">\n      <error type=\"unreadable\" message=\"d.bundle is not as it was written:\">"))
        #expect(xml.contains("<system-out>4 documents are redacted or left out, and were compared by their hashes</system-out>"))
        #expect(xml.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    }

    @Test func programsReadIt() {
        let json = Self.all.json
        #expect(json["ok"] == 1 && json["redacted"] == 1 && json["different"] == 1 && json["unreadable"] == 1 && json["bundles"] == 4)
        let different = json["results"]?.arrayValue?[2]
        #expect(different?["difference"]?["what"] == "request" && different?["difference"]?["step"] == "draft" && different?["difference"]?["first_byte"] == 17)
        #expect(json["results"]?.arrayValue?[3]["problem"] != nil)
    }
}

import Economics
import Reports
import Testing
import Values
import WorkflowModel

@Suite struct TableTests {
    @Test func alignsWideCharactersInCells() {
        var table = Table([.init("name"), .init("cost", .trailing)])
        table.add(["分類", "$0.01"])
        table.add(["draft", "$12.50"])
        table.footer = ["total", "$12.51"]
        #expect(table.lines(style()) == ["name     cost", "分類    $0.01", "draft  $12.50", "─────────────", "total  $12.51"])
    }

    @Test func shrinksThenDropsThenCuts() {
        var table = Table([.init("name", floor: 6), .init("note", expendable: 1), .init("cost", .trailing)])
        table.add(["a-long-name", "remark", "$1.00"])
        #expect(table.lines(style(26))[1] == "a-long-name  remark  $1.00")
        #expect(table.lines(style(22))[1] == "a-long…  remark  $1.00")
        #expect(table.lines(style(18))[1] == "a-long-name  $1.00")
        #expect(table.lines(style(11))[1] == "a-l…  $1.00")
        #expect(table.lines(style(8))[1] == "a-l…  $…")
    }

    /// S2: a column that has no room is named.
    @Test func columnsWithoutRoomAreNamed() {
        var table = Table([.init("name", floor: 6), .init("note", expendable: 1), .init("", expendable: 3), .init("empty", expendable: 2, hidesWhenEmpty: true), .init("cost", .trailing)])
        table.add(["a-long-name", "a remark that is long", "███", "", "$1.00"])
        #expect(table.lines(style(80)).count == 2)
        #expect(table.lines(style(60)) == table.lines(style(80)))
        #expect(table.lines(style(24)).suffix(3) == ["column hidden: note (a", "wider terminal or --json", "shows it)"])
        table.whole = "| cat"
        #expect(table.lines(style(70)).count == 2 && table.text(style(30)).contains("| cat shows"))
        table.hasHeader = false
        #expect(table.lines(style(24)).count == 1)
    }

    /// What tells more is cut last.
    @Test func anEndCanBeKept() {
        let text = StyledText("a-model-with-a-name").before(kept: "  1 failed")
        #expect(text.rendered(style()) == "a-model-with-a-name  1 failed")
        #expect(text.clipped(to: 20, style()).rendered(style()) == "a-model-w…  1 failed")
        #expect(text.clipped(to: 11, style()).rendered(style()) == "1 failed" && text.clipped(to: 5, style()).rendered(style()) == "1 fa…")
        #expect(StyledText("a-model").before(kept: "").clipped(to: 4, style()).rendered(style()) == "a-m…")
    }

    @Test func wideCharactersAreNotCutInHalf() {
        #expect(StyledText("分類する").clipped(to: 4, style()).rendered(style()) == "分…")
        #expect(StyledText("分類").clipped(to: 4, style()).rendered(style()) == "分類")
    }

    @Test func colorIsOffOrBalanced() {
        let text = StyledText("failed", .red) + " " + StyledText("x")
        #expect(text.rendered(style()) == "failed x")
        #expect(text.rendered(style(color: true)) == "\u{1B}[31mfailed\u{1B}[0m x")
    }

    /// What models and servers write must not move the cursor, nor turn the line around.
    @Test func whatComesInIsHarmless() {
        #expect(StyledText("a\u{1B}[2Jb\r\nc\td\u{202E}e\u{9B}f\u{7}").rendered(style()) == #"a\u001b[2Jb c d\u202ee\u009bf\u0007"#)
    }

    @Test(arguments: [1, 5, 12, 20, 33, 40, 60, 79, 80, 100, 132])
    func everyReportStaysInItsWidth(width: Int) {
        var hostile = supportTriage()
        hostile.run.tags = ["名前": "分類する分類する分類する", "esc": "\u{1B}[31m"]
        hostile.nodes[5].failure = StepFailure(.command, "分類" + String(repeating: "word ", count: 40), details: [String(repeating: "x", count: 300)]).json
        let hash = ContentHash(of: "q")
        for index in hostile.calls.indices { hostile.calls[index].request = hash }
        for unicode in [true, false] {
            for color in [true, false] {
                let style = style(width, color: color, unicode: unicode)
                let texts = [
                    TraceReport.text(hostile, style: style, options: .init(prompts: { _ in "a\u{1B}]0;b\u{7}\n\n" + String(repeating: "分", count: 200) })),
                    RunListReport.text([hostile.run], style: style), RunListReport.text([], style: style),
                    supportAudit().text(style: style), AuditReport(dimensions: [], rows: []).text(style: style),
                    PlanReport.text(supportPlan(), style: style),
                    supportLive().frame(now: after(4_321), style: style, height: 50).joined(separator: "\n"),
                    BatchReport.progressLine(.init(total: 9, succeeded: 2, failed: 3, startedAt: start), now: after(50), style: style),
                    BatchReport.summary([.init(line: 1, status: .failed, spending: Spending(), duration: .seconds(1))], elapsed: .seconds(1), style: style),
                    PriceReport.list(priceRows(), style: style), PriceReport.detail(priceRows(), model: "m", style: style),
                ]
                for text in texts {
                    #expect(color || !text.contains("\u{1B}"))
                    for line in text.replacing(/\u{1B}\[[0-9]+m/, with: "").split(separator: "\n") {
                        // A cell of two columns cannot be in one.
                        #expect(String(line).terminalWidth <= max(2, width), "\(line)")
                        #expect(line.last != " " && !line.contains("\u{1B}"))
                    }
                }
            }
        }
    }
}

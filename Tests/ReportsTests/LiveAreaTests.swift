import Reports
import TestSupport
import Testing
import Values

/// S1: what is drawn again and again takes nothing of a terminal's history, and leaves nothing in it.
@Suite struct LiveAreaTests {
    /// A terminal with lines of somebody else above.
    private func terminal(_ columns: Int, _ rows: Int, linesBefore: Int) -> TerminalScreen {
        var screen = TerminalScreen(columns: columns, rows: rows)
        for line in 0..<linesBefore { screen.receive("before \(line)\n") }
        return screen
    }

    private func befores(_ count: Int) -> [String] { (0..<count).map { "before \($0)" } }

    @Test(arguments: [0, 1, 5, 9, 50], [10, 24])
    func picturesFollowEachOther(linesBefore: Int, rows: Int) {
        var screen = terminal(30, rows, linesBefore: linesBefore)
        var area = LiveArea()
        // Of growing and shrinking height, up to all but one line; full lines too.
        for number in 0..<60 {
            let height = 1 + number * 7 % (rows - 1)
            screen.receive(area.draw((0..<height).map { $0 == 1 ? String(repeating: "x", count: 30) : "\(number) line \($0)" }, columns: 30, rows: rows))
            #expect(screen.text == befores(linesBefore) + (0..<height).map { $0 == 1 ? String(repeating: "x", count: 30) : "\(number) line \($0)" })
        }
        screen.receive(area.draw([], columns: 30, rows: rows) + "after\n")
        #expect(screen.text == befores(linesBefore) + ["after"])
        #expect(screen.unknown == [] && screen.erasures == 0)
    }

    @Test func messagesStayAboveAndMayBeLong() {
        var screen = terminal(20, 10, linesBefore: 3)
        var area = LiveArea()
        let picture = (0..<8).map { "line \($0)" }
        screen.receive(area.draw(picture, columns: 20, rows: 10))
        screen.receive(area.draw(picture, messages: ["a message of more than twenty cells", "short"], columns: 20, rows: 10))
        #expect(screen.text == befores(3) + ["a message of more", "than twenty cells", "short"] + picture)
        // Nothing of a wider line below shows behind a message.
        screen.receive(area.draw(["one"], messages: ["m"], columns: 20, rows: 10))
        #expect(screen.text == befores(3) + ["a message of more", "than twenty cells", "short", "m", "one"])
    }

    /// What changed is drawn; what is typed is taken away.
    @Test func onlyWhatChangedIsSent() {
        var screen = terminal(20, 10, linesBefore: 0)
        var area = LiveArea()
        screen.receive(area.draw(["a", "b", "c"], columns: 20, rows: 10))
        screen.receive("^C")
        let update = area.draw(["a", "B", "c"], columns: 20, rows: 10)
        #expect(update.contains("B") && !update.contains("a") && !update.contains("c"))
        screen.receive(update)
        #expect(screen.text == ["a", "B", "c"])
    }

    /// A character that is wider than it was taken to be breaks no line.
    @Test func linesDoNotWrap() {
        var screen = terminal(20, 10, linesBefore: 2)
        var area = LiveArea()
        for number in 0..<5 { screen.receive(area.draw(["\(number)", String(repeating: "w", count: 27), "end"], columns: 20, rows: 10)) }
        #expect(screen.text.count == 5 && screen.text.last == "end" && screen.text[2] == "4")
        // And what others write does.
        screen.receive(String(repeating: "o", count: 25) + "\n")
        #expect(screen.text.count == 7)
    }

    /// Whatever sizes the window takes, no line of somebody else is drawn over.
    @Test func resizingLosesNothing() {
        var random: UInt64 = 7
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        for _ in 0..<200 {
            var size = (columns: 20 + next(60), rows: 3 + next(30))
            let linesBefore = next(40)
            var screen = terminal(size.columns, size.rows, linesBefore: linesBefore)
            var area = LiveArea()
            for number in 0..<20 {
                if number % 3 == 2 {
                    size = (20 + next(60), 3 + next(30))
                    screen.resize(columns: size.columns, rows: size.rows)
                }
                let lines = (0..<next(size.rows)).map { "\(number):\($0) " + String(repeating: "-", count: next(size.columns - 6)) }
                screen.receive(area.draw(lines, columns: size.columns, rows: size.rows))
            }
            #expect(screen.text.filter { $0.hasPrefix("before") } == befores(linesBefore))
        }
    }

    /// Where lines are broken anew, the old picture takes more rows than it had.
    @Test func brokenLinesAreDrawnOver() {
        var area = LiveArea(breaksAnew: true)
        let tinted = "\u{1B}[31m" + String(repeating: "x", count: 50) + "\u{1B}[0m"
        _ = area.draw([tinted, "short", String(repeating: "y", count: 61)], columns: 80, rows: 24)
        #expect(area.draw(["a"], columns: 30, rows: 24).hasPrefix("\r\u{1B}[6A"))
        // Never above the window.
        _ = area.draw((0..<20).map { "\($0)" + String(repeating: "z", count: 60) }, columns: 80, rows: 24)
        #expect(area.draw(["a"], columns: 40, rows: 12).hasPrefix("\r\u{1B}[11A"))
    }

    /// After Ctrl-Z the shell has written below: the next picture does not reach for the last one.
    @Test func whatIsLeftStays() {
        var screen = terminal(20, 10, linesBefore: 0)
        var area = LiveArea()
        screen.receive(area.draw(["a", "b"], columns: 20, rows: 10))
        area.leave()
        screen.receive("[1]+  Stopped\nfg\n")
        screen.receive(area.draw(["A", "B"], columns: 20, rows: 10))
        #expect(screen.text == ["a", "b", "[1]+  Stopped", "fg", "A", "B"])
    }
}

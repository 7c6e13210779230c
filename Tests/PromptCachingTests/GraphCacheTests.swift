import Foundation
import Testing
import Values

@testable import PromptCaching

/// The planner where a graph tells what is read again: A reads a document, eight B read it with A's answer, C joins them, D checks. Each prompt has what stays equal longest
/// first: 1,500 tokens of the workflow, 6,000 of the execution, answers of earlier steps, and the step's own 400.
///
/// A model of the provider's cache of its own, so that planner and cache are not mistaken together: entries at marks, readable from the first token of the answer.
@Suite struct GraphCacheTests {
    private enum WarmUp { case none, leader }

    private struct Segment: Hashable {
        let name: String
        let tokens: Int
    }

    private struct Entry {
        var ready: Double
        var expires: Double
    }

    private struct Event {
        let time: Double
        let number: Int
        let execution: Int
        let step: String
        let began: Double
    }

    private struct Outcome {
        var cost = 0.0
        var tokens = 0.0
        var read = 0.0
        var latency: [Double] = []
    }

    private static let siblings = 8
    private static let (firstToken, promptSpeed, answerSpeed, answer) = (0.5, 8000.0, 60.0, 300)

    private func prompt(_ execution: Int, _ step: String) -> [Segment] {
        let before: [String] =
            switch step {
            case "A": []
            case "C": ["A"] + (0..<Self.siblings).map { "B\($0)" }
            case "D": ["A"] + (0..<Self.siblings).map { "B\($0)" } + ["C"]
            default: ["A"]
            }
        return [Segment(name: "W", tokens: 1500), Segment(name: "E\(execution)", tokens: 6000)] + before.map { Segment(name: "U\(execution).\($0)", tokens: Self.answer) }
            + [Segment(name: "I\(step)", tokens: 400)]
    }

    /// How often the graph will read what ends with a segment, within one execution, and across executions by how often they begin.
    private func reads(_ segment: Segment, across: Double) -> Double {
        switch segment.name.first {
        case "W": 9 + across
        case "E": 9
        case "U": segment.name.hasSuffix(".A") ? 8 : 1
        default: 0
        }
    }

    private func run(_ rules: CacheRules, _ warmUp: WarmUp, perHour: Double = 30, hours: Double = 4) -> Outcome {
        var state: UInt64 = 1
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Double(state >> 11) + 0.5) / Double(1 << 53)
        }
        let planner = BreakpointPlanner(rules)
        let lifetime = Double(rules.lifetimes[0].span.milliseconds) / 1000
        let across = exp(min(50, perHour / 3600 * lifetime)) - 1
        var (outcome, entries, events): (Outcome, [String: Entry], [Event]) = (Outcome(), [:], [])
        var (number, pending, ended): (Int, [Int: Int], [Int: Double]) = (0, [:], [:])
        func push(_ time: Double, _ execution: Int, _ step: String, _ began: Double) {
            events.append(Event(time: time, number: number, execution: execution, step: step, began: began))
            number += 1
        }
        /// Tokens that were not read.
        func call(_ time: Double, _ prompt: [Segment]) -> Int {
            var (names, ends, name, end) = ([String](), [Int](), "", 0)
            for segment in prompt {
                name += "|" + segment.name
                end += segment.tokens
                names.append(name)
                ends.append(end)
            }
            var cached = names.indices.last { entries[names[$0]].map { $0.ready <= time && time <= $0.expires } == true }.map { ends[$0] } ?? 0
            if cached < rules.leastTokens { cached = 0 }
            let boundaries = prompt.indices.map { index in BreakpointPlanner.Boundary(tokens: ends[index], reads: [reads(prompt[index], across: across)]) }
            // Behind what only one step reads nothing is shared.
            let marks = planner.marks(boundaries, cached: cached).marks.map(\.boundary)
            let written = max(0, (marks.last.map { ends[$0] } ?? 0) - cached)
            outcome.tokens += Double(end)
            outcome.read += Double(cached)
            outcome.cost += Double(cached) * rules.readPrice + Double(written) * rules.lifetimes[0].writePrice + Double(end - cached - written)
            for index in names.indices where ends[index] <= cached { if entries[names[index]]?.expires ?? 0 >= time { entries[names[index]]!.expires = time + lifetime } }
            let ready = time + Self.firstToken + Double(end - cached) / Self.promptSpeed
            for mark in marks where ends[mark] > cached {
                let live = entries[names[mark]].flatMap { $0.expires >= time ? $0.ready : nil }
                entries[names[mark]] = Entry(ready: min(live ?? ready, ready), expires: time + lifetime)
            }
            return end - cached
        }
        var (time, execution) = (0.0, 0)
        while true {
            time += -log(uniform()) * 3600 / perHour
            if time > hours * 3600 { break }
            push(time, execution, "A", time)
            execution += 1
        }
        while let index = events.indices.min(by: { (events[$0].time, events[$0].number) < (events[$1].time, events[$1].number) }) {
            let event = events.remove(at: index)
            let first = event.time + Self.firstToken + Double(call(event.time, prompt(event.execution, event.step))) / Self.promptSpeed
            let end = first + Double(Self.answer) / Self.answerSpeed
            switch event.step {
            case "A":
                pending[event.execution] = Self.siblings
                for sibling in 0..<(warmUp == .leader ? 1 : Self.siblings) { push(end, event.execution, "B\(sibling)", event.began) }
            case "C": push(end, event.execution, "D", event.began)
            case "D": outcome.latency.append(end - event.began)
            default:
                if warmUp == .leader, event.step == "B0" { for sibling in 1..<Self.siblings { push(first + 1e-6, event.execution, "B\(sibling)", event.began) } }
                pending[event.execution]! -= 1
                ended[event.execution] = max(ended[event.execution] ?? 0, end)
                if pending[event.execution] == 0 { push(ended[event.execution]!, event.execution, "C", event.began) }
            }
        }
        return outcome
    }

    private func rules(_ seconds: Int64, write: Double, least: Int = 1024) -> CacheRules {
        CacheRules(name: "test", entries: .marks(most: 4), leastTokens: least, lifetimes: [.init(span: .seconds(seconds), writePrice: write)], readPrice: 0.1)
    }

    /// The figures of another simulator of the same graph (a linear congruence with seed 1, 30 executions an hour), which plans without knowing what is cached.
    @Test func costsOfTheGraph() {
        let plain = run(rules(300, write: 1.25), .none)
        #expect(plain.cost / plain.tokens <= 0.279 && plain.read / plain.tokens >= 0.834, "\(plain.cost / plain.tokens) \(plain.read / plain.tokens)")
        let led = run(rules(300, write: 1.25), .leader)
        #expect(led.cost / led.tokens <= 0.26 && led.read / led.tokens >= 0.856, "\(led.cost / led.tokens) \(led.read / led.tokens)")
        // Whoever waits for the leader's first token waits half a second in all.
        let delay = led.latency.reduce(0, +) / Double(led.latency.count) - plain.latency.reduce(0, +) / Double(plain.latency.count)
        #expect(delay > 0 && delay <= 0.6, "\(delay)")
        let long = run(rules(3600, write: 2), .none)
        #expect(long.cost / long.tokens <= 0.36, "\(long.cost / long.tokens)")
        let large = run(rules(300, write: 1.25, least: 4096), .none)
        #expect(large.cost / large.tokens <= 0.296, "\(large.cost / large.tokens)")
    }
}

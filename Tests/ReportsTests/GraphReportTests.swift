import Reports
import TestSupport
import Testing
import Values
import WorkflowModel

@Suite struct GraphReportTests {
    /// Ids that are words of Mermaid and DOT, conditions with their special characters, and an edge of every kind.
    private let yaml = """
        version: 1
        name: letters
        inputs: { list: { type: array }, q: { type: string } }
        models: { small: { use: local/s, fallback: [local/b, cloud/c] } }
        defaults: { model: small }
        steps:
          - { id: end, when: 'inputs.q == "a;" && inputs.q < "b"', prompt: hi }
          - { id: graph, when: 'inputs.q.matches("^\\\\d#`$")', prompt: hi }
          - id: x_each
            for_each: { items: "inputs.list.filter(e, e > 3)", max_items: 10 }
            prompt: "${{ item }} ${{ has(steps.end.output) ? steps.end.output : '' }}"
          - { id: sum, needs: [graph], value: size(steps.x_each.output) }
          - { id: o, run: [echo, "${{ steps.sum.output }}", "${{ steps.end.output }}"] }
        """

    @Test func layersWithWhatEachStepWaitsFor() throws {
        #expect(
            GraphReport.text(try workflow(yaml), style: .plain) == #"""
                layer  step         kind   model               waits for       runs
                    1  end if       model  small → local/s +2                  when inputs.q == "a;" && inputs.q < "b"
                       graph if     model  small → local/s +2                  when inputs.q.matches("^\\d#`$")
                    2  x_each each  model  small → local/s +2  end?            for each item of inputs.list.filter(e, e > 3), at most 10
                    3  sum          value                      x_each, ~graph
                    4  o            run                        sum, end

                letters: 5 steps in 4 layers, the widest of 2
                x? is read behind has(): the step runs also when x was skipped
                ~x is order alone (needs): nothing of x is read

                """#)
    }

    @Test func mermaidHasPrefixedIdsEntitiesAndDashedEdges() throws {
        #expect(
            GraphReport.mermaid(try workflow(yaml)) == #"""
                ---
                title: "letters"
                ---
                flowchart TD
                    s_end("end<br/>model small: local/s +2<br/>when inputs.q == #34;a#59;#34; #38;#38; inputs.q #60; #34;b#34;")
                    s_graph("graph<br/>model small: local/s +2<br/>when inputs.q.matches(#34;^#92;#92;d#35;#96;$#34;)")
                    s_x_each("x_each<br/>model small: local/s +2<br/>for each item of inputs.list.filter(e, e #62; 3), at most 10")
                    s_sum["sum<br/>value"]
                    s_o[["o<br/>run"]]
                    s_end -.->|"if not skipped"| s_x_each
                    s_x_each --> s_sum
                    s_graph -.->|"order only"| s_sum
                    s_sum --> s_o
                    s_end --> s_o

                """#)
    }

    @Test func dotQuotesEverything() throws {
        #expect(
            GraphReport.dot(try workflow(yaml)) == #"""
                digraph "letters" {
                    node [shape=box, fontname="Helvetica"];
                    edge [fontname="Helvetica", fontsize=10];
                    "end" [label="end\nmodel small: local/s +2\nwhen inputs.q == \"a;\" &amp;&amp; inputs.q < \"b\"", style=rounded];
                    "graph" [label="graph\nmodel small: local/s +2\nwhen inputs.q.matches(\"^\\\\d#`$\")", style=rounded];
                    "x_each" [label="x_each\nmodel small: local/s +2\nfor each item of inputs.list.filter(e, e > 3), at most 10", style=rounded];
                    "sum" [label="sum\nvalue"];
                    "o" [label="o\nrun", peripheries=2];
                    "end" -> "x_each" [style=dashed, label="if not skipped"];
                    "x_each" -> "sum";
                    "graph" -> "sum" [style=dashed, label="order only"];
                    "sum" -> "o";
                    "end" -> "o";
                }

                """#)
    }

    /// A fan of 200 steps into one, on a terminal of 40 cells: every name is there, no line is wider.
    @Test func aWideGraphFitsANarrowTerminal() throws {
        let fan = (1...199).map { "  - { id: s\($0), prompt: hi, model: m }\n" }.joined()
        let sum = (1...199).map { "steps.s\($0).output" }.joined(separator: ", ")
        let graph = try workflow("version: 1\nname: fan\nmodels: { m: { use: local/s } }\nsteps:\n\(fan)  - { id: all, value: '[\(sum)]' }\n")
        let text = GraphReport.text(graph, style: TextStyle(usesColor: false, width: 40, isUnicode: false))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { String($0).terminalWidth <= 40 })
        let words = text.split { " ,\n".contains($0) }
        // Each as a step, and as what the last one waits for.
        for step in 1...199 { #expect(words.count { $0 == "s\(step)" } == 2, "s\(step)") }
        #expect(text.replacing("\n", with: " ").contains("200 steps in 2 layers, the widest of 199") && text.utf8.allSatisfy { $0 < 0x80 })
    }

    /// A chain of 200 steps has 200 layers and no indent that grows.
    @Test func aLongChainStaysNarrow() throws {
        let chain = (2...200).map { "  - { id: s\($0), value: steps.s\($0 - 1).output }\n" }.joined()
        let graph = try workflow("version: 1\nname: chain\nsteps:\n  - { id: s1, value: 1 }\n\(chain)")
        let lines = GraphReport.text(graph, style: .plain).split(separator: "\n")
        #expect(lines.count == 202)
        #expect(lines.allSatisfy { $0.count < 50 })
        #expect(lines[200].hasPrefix("  200  s200"))
    }

    @Test func colorOnlyWhereTheStyleHasIt() throws {
        let graph = try workflow(yaml)
        #expect(!GraphReport.text(graph, style: .plain).contains("\u{1B}"))
        #expect(GraphReport.text(graph, style: TextStyle(usesColor: true, width: 100, isUnicode: true)).contains("\u{1B}[33mwhen"))
    }
}

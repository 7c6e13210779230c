import Economics
import Reports
import Testing
import Values
import WorkflowModel

@Suite struct AuditReportTests {
    @Test func tableWithShareTotalsAndDecisions() {
        #expect(
            supportAudit().text(style: style(100)) == """
                workflow        model          runs  calls  failed  repeated   input  output         cost   share
                support-triage  local/small      12     60       2         3  24,000   4,120      $0.0123  39.3 %
                support-triage  openai/gpt-4o     4      4                     4,000     900       $0.019  60.7 %
                summary         acme/new          1      8                       800     100     unpriced       –
                summary         local/small       1      3                       800     100  ≥ $0.000009  <0.1 %
                ─────────────────────────────────────────────────────────────────────────────────────────────────
                total                                   75       2         3  29,600   5,220    ≥ $0.0313
                columns hidden: cached, held, unpriced (a wider terminal or --json shows them)
                9 calls unpriced: totals that contain them are lower bounds. Add prices to agentctl.yaml; see
                agentctl prices list
                $0.0012 more is held for calls whose end, usage or model is not certain

                decisions of    unit             decisions  counted  pending       cost  per decision  per counted
                support-triage  resolved ticket         12        7        2    $0.0313      $0.00261     $0.00447
                summary         summary                  1        0        1  $0.000009     $0.000009            –
                """ + "\n")
    }

    @Test func narrowAndASCII() {
        #expect(
            supportAudit().text(style: style(40, unicode: false)) == """
                workflow      model                 cost
                support-t...  local/small        $0.0123
                support-t...  openai/gp...        $0.019
                summary       acme/new          unpriced
                summary       local/small   >= $0.000009
                ----------------------------------------
                total                         >= $0.0313
                columns hidden: runs, calls, failed,
                repeated, input, cached, output, held,
                unpriced, share (a wider terminal or
                --json shows them)
                9 calls unpriced: totals that contain
                them are lower bounds. Add prices to
                agentctl.yaml; see agentctl prices list
                $0.0012 more is held for calls whose
                end, usage or model is not certain

                decisions of         cost  per counted
                support-triage    $0.0313     $0.00447
                summary         $0.000009            -
                columns hidden: unit, decisions,
                counted, pending, per decision (a wider
                terminal or --json shows them)
                """ + "\n")
    }

    @Test func csvQuotesAndStaysExact() {
        var audit = supportAudit()
        audit.rows[0].keys = ["a \"b\", c", "line\nbreak"]
        audit.rows = [audit.rows[0], audit.rows[2], audit.rows[3]]
        #expect(
            audit.csv
                == [
                    "workflow,model,runs,calls,failed_calls,repeated_calls,unpriced_calls,input_tokens,cache_read_tokens,output_tokens,cost_usd,held_open_usd,memo_hits,saved_usd,known_usd,estimated_usd,estimated_calls,unknown_calls,cost_is_lower_bound,cache_saved_usd,cache_saved_unknown_calls",
                    "\"a \"\"b\"\", c\",\"line\nbreak\",12,60,2,3,0,24000,9000,4120,0.0123,0,0,0,0.0123,0,0,0,false,0,0",
                    "summary,acme/new,1,8,0,0,8,800,0,100,,0,0,0,0,0,0,0,true,0,0",
                    "summary,local/small,1,3,0,0,1,800,0,100,0.000009,0,0,0,0.000009,0,0,0,true,0,0",
                    "",
                ].joined(separator: "\r\n"))
    }

    @Test func jsonKeepsMoneyExactAndUnknownsNull() {
        let json = supportAudit().json
        #expect(json["rows"]?[0]?["keys"] == ["workflow": "support-triage", "model": "local/small"])
        #expect(json["rows"]?[2]?["cost_usd"] == .null)
        #expect(json["total"]?["cost_usd"] == "0.031309")
        #expect(json["total"]?["cost_is_lower_bound"] == true)
        #expect(json["total"]?["runs"] == .null)
        // 0.0313 / 7 = 0.00447142857142857…, to the pico-dollar.
        #expect(json["decisions"]?[0]?["cost_per_counted_outcome_usd"] == "0.004471428571")
        #expect(json["decisions"]?[1]?["cost_per_counted_outcome_usd"] == .null)
    }

    @Test(arguments: [(1, 2, "0"), (3, 2, "0.000000000002"), (5, 2, "0.000000000002"), (2, 3, "0.000000000001"), (7, 7, "0.000000000001")])
    func sharesRoundHalfToEven(pico: Int64, count: Int, expected: String) {
        let row = DecisionRow(workflow: "w", unit: "u", decisions: count, counted: count, pending: 0, cost: MoneySum(Money(picoDollars: pico)))
        let audit = AuditReport(dimensions: [], rows: [], decisions: [row])
        #expect(audit.json["decisions"]?[0]?["cost_per_decision_usd"] == .string(expected))
    }

    /// What caches saved of calls of which no server says it is unknown, and of some of them no sum of all.
    @Test func whatCachesSavedMayBeUnknown() {
        var audit = supportAudit()
        (audit.rows[0].cacheUnknown, audit.rows[1].cacheUnknown, audit.rows[1].cacheSaved) = (3, 2, MoneySum(Money(picoDollars: 5_000_000_000)))
        let rows = audit.json["rows"]
        #expect(rows?[0]?["cache_saved_usd"] == .null && rows?[1]?["cache_saved_usd"] == "0.005" && rows?[2]?["cache_saved_usd"] == "0")
        let text = audit.text(style: style(240))
        #expect(text.contains("saved by caches") && text.contains("  unknown  ") && text.contains("$0.005 + unknown"), "\(text)")
        let lines = audit.csv.split(separator: "\r\n")
        #expect(lines[1].hasSuffix(",,3") && lines[2].hasSuffix(",0.005,2"), "\(lines)")
    }

    @Test func anEmptyPeriodSaysWhatToDo() {
        #expect(
            AuditReport(dimensions: ["day"], rows: [], since: "2026-11-01").text(style: style())
                == "no calls recorded since 2026-11-01; run a workflow first: agentctl run FILE\n")
        #expect(AuditReport(dimensions: ["day"], rows: []).csv.hasPrefix("day,runs,calls,"))
    }
}

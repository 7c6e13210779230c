import Testing
import Values
import WorkflowModel

@testable import Reports

@Suite struct VerificationReportTests {
    private static let head = ContentHash(of: "head")

    private func text(chain: ChainVerdict?, faults: [String] = []) -> String {
        VerificationReport.text(
            RunVerification(
                run: "r", status: .succeeded, chain: chain, prunedAt: nil, head: Self.head, documents: 3, faults: faults, keptHead: nil, provesRows: true),
            style: TextStyle(usesColor: false, width: nil, isUnicode: true))
    }

    /// A run whose chain is whole is not intact where its rows say something else.
    @Test func aChangedRowIsNotIntact() {
        let whole = ChainVerdict.intact(events: 10, head: Self.head)
        #expect(text(chain: whole) == "r  intact  10 events  head \(Self.head.hex)\n")
        #expect(
            text(chain: whole, faults: ["run.cost_pico of the run says 1, its facts say 2"]) == """
                r  changed  the chain of 10 events is whole, and not all fits it  head \(Self.head.hex)
                  run.cost_pico of the run says 1, its facts say 2

                """)
        #expect(text(chain: .broken(sequence: 4)) == "r  broken at event 4\n")
        let style = TextStyle(usesColor: false, width: 40, isUnicode: true)
        #expect(
            VerificationReport.rest(["run.id, run.owner", "answers"], style: style) == """
                  not proved, as no fact tells it:
                  run.id, run.owner; answers

                """)
        #expect(VerificationReport.rest([], style: style) == "")
    }
}

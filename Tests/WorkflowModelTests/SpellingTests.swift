import Testing
import Values
import WorkflowModel

/// What has another spelling is something else (case T3): rows that were changed, and models that others named.
@Suite struct SpellingTests {
    @Test func rowsAreComparedByBytes() {
        let (a, b) = (RowValue.text("caf\u{e9}"), RowValue.text("cafe\u{301}"))
        #expect(a != b && Set([[a], [b]]).count == 2 && a == .text("caf\u{e9}"))
    }

    @Test func modelsAreTwo() throws {
        let names = try ["p/caf\u{e9}", "p/cafe\u{301}"].map { try #require(ModelReference(text: $0)) }
        #expect(Set(names).count == 2)
        let slash = try #require(ModelReference(text: "p/\u{301}m/n"))
        #expect(slash.provider == "p" && slash.model.utf8.elementsEqual("\u{301}m/n".utf8))
    }
}

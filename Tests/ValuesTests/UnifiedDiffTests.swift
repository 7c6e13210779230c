import Testing
import Values

@Suite struct UnifiedDiffTests {
    @Test func anotherSpellingIsADifference() {
        let text = UnifiedDiff.text("a\ncaf\u{e9}\n", "a\ncafe\u{301}\n", file: "f")
        #expect(text.utf8.elementsEqual("--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-caf\u{e9}\n+cafe\u{301}\n".utf8))
    }

    @Test func changesHaveTheirContext() {
        let before = (1...20).map { "\($0)\n" }.joined()
        let after = before.replacing("\n5\n", with: "\nfive\n").replacing("\n16\n", with: "\n")
        #expect(
            UnifiedDiff.text(before, after, file: "f") == """
                --- f
                +++ f
                @@ -2,7 +2,7 @@
                 2
                 3
                 4
                -5
                +five
                 6
                 7
                 8
                @@ -13,7 +13,6 @@
                 13
                 14
                 15
                -16
                 17
                 18
                 19

                """)
    }

    @Test func whatIsTheSameHasNoDifference() { #expect(UnifiedDiff.text("a\n", "a\n", file: "f") == "") }

    @Test func aLineEndThatIsMissingIsSaid() {
        #expect(UnifiedDiff.text("a", "a\n", file: "f") == "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n")
        #expect(UnifiedDiff.text("", "a\n", file: "f") == "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n")
    }
}

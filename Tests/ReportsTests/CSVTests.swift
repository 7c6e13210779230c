import Testing

@testable import Reports

/// A7: a cell is no formula, and a number stays one.
@Suite struct CSVTests {
    @Test(arguments: [
        ("=1+2", "'=1+2"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"), (" =1", "' =1"), ("\n=1", "\"'\n=1\""),
        ("\r=1", #"\u000d=1"#), ("-1.5", "-1.5"), ("+3", "+3"), ("-0.000013", "-0.000013"), ("-inf", "'-inf"), ("- item", "'- item"), ("0.5", "0.5"), ("a=b", "a=b"),
        ("a,\"b\"", "\"a,\"\"b\"\"\""), ("\u{202E}x", #"\u202ex"#),
        // A quote is one, whatever joins it.
        ("a\"\u{301},b", "\"a\"\"\u{301},b\""),
    ]) func fields(content: String, written: String) {
        #expect(CSV.text([[content]]) == written + "\r\n", "\(CSV.text([[content]]))")
    }
}

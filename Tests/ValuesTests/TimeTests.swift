import Testing
import Values

@Suite struct TimestampTests {
    private static let moments: [(String, Int64)] = [
        ("1970-01-01T00:00:00.000000Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-21T09:48:15.250000Z", 1_795_254_495_250_000), ("2000-02-29T23:59:59.000000Z", 951_868_799_000_000),
        ("1900-03-01T00:00:00.000000Z", -2_203_891_200_000_000), ("2100-02-28T00:00:00.000000Z", 4_107_456_000_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999), ("0001-01-01T00:00:00.000000Z", -62_135_596_800_000_000),
    ]

    @Test(arguments: TimestampTests.moments) func printsAndReads(text: String, microseconds: Int64) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test func everyDayOfFourHundredYearsRoundTrips() {
        var last = ""
        for day in -73_000...73_000 {
            let moment = Timestamp(microseconds: Int64(day) * 86_400_000_000 + 3_723_000_004)
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
            // As the ledger stores it: later sorts after earlier.
            #expect(last < moment.rfc3339)
            last = moment.rfc3339
        }
    }

    @Test(arguments: [
        ("2026-11-21", "2026-11-21T00:00:00.000000Z"), ("2026-11-21T09:48:15Z", "2026-11-21T09:48:15.000000Z"), ("2026-11-21t09:48:15z", "2026-11-21T09:48:15.000000Z"),
        ("2026-11-21 09:48:15Z", "2026-11-21T09:48:15.000000Z"), ("2026-11-21T09:48:15.1Z", "2026-11-21T09:48:15.100000Z"),
        ("2026-11-21T09:48:15.123456789Z", "2026-11-21T09:48:15.123456Z"), ("2026-11-21T01:48:15+02:00", "2026-11-20T23:48:15.000000Z"),
        ("2026-12-31T23:30:00-01:30", "2027-01-01T01:00:00.000000Z"), ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
    ])
    func readsWhatOthersWrite(text: String, same: String) { #expect(Timestamp(rfc3339: text)?.rfc3339 == same) }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-00-01", "2026-02-30", "2025-02-29", "2026-11-31", "2026/11/21", "2026-11-21T", "2026-11-21T09:48Z", "2026-11-21T24:00:00Z",
        "2026-11-21T09:60:00Z", "2026-11-21T09:48:15", "2026-11-21T09:48:15.Z", "2026-11-21T09:48:15Zx", "2026-11-21T09:48:15+2:00", "2026-11-21T09:48:15+24:00", "today",
    ])
    func refuses(_ text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test func differencesAreWholeMilliseconds() {
        let start = Timestamp(rfc3339: "2026-11-21T09:48:15Z")!
        #expect(start.adding(.milliseconds(1500)).since(start) == .milliseconds(1500))
        #expect(start.since(start.adding(.seconds(1))) == .milliseconds(-1000))
        #expect(start.shortText == "2026-11-21 09:48:15")
        #expect(start.dateText == "2026-11-21")
    }
}

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("250ms", 250), ("45s", 45_000), ("5m", 300_000), ("24h", 86_400_000), ("7d", 604_800_000), ("1.5m", 90_000), ("0.25s", 250), ("1h30m", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005), ("0s", 0), (".5s", 500), ("0.0004s", 0), ("0.0006s", 1),
    ])
    func reads(text: String, milliseconds: Int64) { #expect(TimeSpan(text: text)?.milliseconds == milliseconds) }

    @Test(arguments: ["", "5", "s", "5 s", "-5s", "5S", "5sec", "1.5.5s", "1e3s", "5s!", "٥s", "99999999999999d", "1h 30m", ".", "s", "1y", "1s2", "1.s.", "99999999999999999d"])
    func refuses(_ text: String) { #expect(TimeSpan(text: text) == nil) }

    @Test(arguments: [
        (0, "0ms"), (999, "999ms"), (1000, "1s"), (1049, "1s"), (1050, "1s"), (12_340, "12.3s"), (59_999, "59.9s"), (60_000, "1m 00s"), (245_000, "4m 05s"),
        (3_599_999, "59m 59s"), (3_600_000, "1h 00m"), (7_800_000, "2h 10m"), (86_399_999, "23h 59m"), (86_400_000, "1d 00h"), (273_600_000, "3d 04h"), (-5, "-5ms"),
    ])
    func prints(milliseconds: Int64, text: String) { #expect("\(TimeSpan.milliseconds(milliseconds))" == text) }
}

@Suite struct SuggestionTests {
    private let keys = ["prompt", "prompt_file", "messages", "run", "value", "when", "with", "model", "needs"]

    @Test(arguments: [
        ("promt", "prompt"), ("prmopt", "prompt"), ("Prompt", "prompt"), ("massages", "messages"), ("vaule", "value"), ("rnu", "run"), ("modl", "model"),
        ("wiht", "with"), ("prompt_fiel", "prompt_file"), ("mes", "messages"),
    ])
    func findsWhatWasMeant(word: String, meant: String) { #expect(Suggestion.closest(to: word, in: keys) == meant) }

    @Test(arguments: ["zzz", "temperature", "x", "pr", "needsxyz", ""]) func doesNotGuess(_ word: String) {
        #expect(Suggestion.closest(to: word, in: keys) == nil)
    }

    @Test func ofEquallyNearNamesTheFirstByNameIsTaken() {
        #expect(Suggestion.closest(to: "cat", in: ["hat", "bat", "rat"]) == "bat")
        #expect(Suggestion.closest(to: "cat", in: ["rat", "hat", "bat"]) == "bat")
    }

    @Test(arguments: [("lenght", "length"), ("Steps", "steps"), ("max_output", "max_output_tokens"), ("id", "if")])
    func findsKeysOfOtherKinds(word: String, meant: String) {
        #expect(Suggestion.closest(to: word, in: ["length", "steps", "max_output_tokens", "if", "ok"]) == meant)
    }

    /// Of a long list the nearest, and not the first that begins alike.
    @Test(
        arguments: [
            ("max_out_tok", "max_output_tokens"), ("max_cost", "max_cost_usd"), ("max_item", "max_items"), ("outp", "outputs"), ("maxLenght", "maxLength"),
            ("input_price", nil), ("lenght", nil), ("on_eror", "on_error"), ("prompt_fil", "prompt_file"),
        ] as [(String, String?)])
    func findsTheNearestOfALongList(word: String, meant: String?) {
        let keys = [
            "max_attempts", "max_calls", "max_cost_usd", "max_input_tokens", "max_items", "max_output_tokens", "max_parallel", "max_tokens_field", "maxItems",
            "maxLength", "maximum", "minLength", "on", "on_error", "on_failure", "outcome", "output_per_mtok_usd", "outputs", "prompt", "prompt_file",
        ]
        #expect(Suggestion.closest(to: word, in: keys) == meant)
    }

    @Test func veryLongWordsAreComparedToo() {
        let long = String(repeating: "ab", count: 40_000)
        #expect(Suggestion.closest(to: long, in: ["ab", "max_output_tokens"]) == nil)
        #expect(Suggestion.closest(to: long + "x", in: ["ab", long + "y"]) == long + "y")
        #expect(Suggestion.closest(to: long, in: [long + long]) == long + long)
    }

    @Test func theWordItselfIsNoSuggestion() { #expect(Suggestion.closest(to: "run", in: ["run"]) == nil) }

    /// One letter for another is no likeness.
    @Test func shortNamesHaveToShareALetter() {
        #expect(Suggestion.closest(to: "b", in: ["a"]) == nil)
        #expect(Suggestion.closest(to: "ab", in: ["ac"]) == "ac")
        #expect(Suggestion.closest(to: "a", in: ["ab"]) == "ab")
    }

    @Test func itIsPutAsAQuestion() { #expect(Suggestion.hint(for: "promt", in: keys) == "did you mean 'prompt'?") }
}

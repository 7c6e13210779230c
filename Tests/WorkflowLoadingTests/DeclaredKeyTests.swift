import TestSupport
import Testing
import Values
import WorkflowModel

@testable import WorkflowLoading

/// A key is declared once: decoders, editors' schemas and pages say what its declaration says.
@Suite struct DeclaredKeyTests {
    /// Where a mapping stands in a file, with room for one more key at its end.
    private struct Place: Sendable, CustomStringConvertible {
        let mapping: LanguageMapping
        let isProject: Bool
        /// `KEY` is where the key goes.
        let text: String
        var description: String { mapping.name }

        init(_ mapping: LanguageMapping, _ text: String, isProject: Bool = false) {
            self.mapping = mapping
            self.isProject = isProject
            self.text = text
        }

        static func step(_ mapping: LanguageMapping, _ text: String) -> Place { Place(mapping, "steps: [{ id: a, \(text) }]") }
        static func project(_ mapping: LanguageMapping, _ text: String) -> Place { Place(mapping, text, isProject: true) }
        static func provider(_ mapping: LanguageMapping, _ text: String) -> Place {
            .project(mapping, "providers: { p: { api: openai-chat, base_url: \"http://127.0.0.1:1\" \(text) } }")
        }
    }

    private static let steps = "steps: [{ id: a, model: m, prompt: hi }]"
    private static let places: [Place] = [
        Place(.top, "{ version: 1, name: t, \(steps) KEY }"), Place(.defaults, "defaults: { model: m KEY }\n\(steps)"),
        Place(.retry, "defaults: { retry: { KEY } }\n\(steps)"), Place(.defaultLimits, "defaults: { limits: { max_total_tokens: 9 KEY } }\n\(steps)"),
        Place(.budget, "budget: { max_cost_usd: 1 KEY }\n\(steps)"), Place(.decision, "decision: { outcome: x KEY }\n\(steps)"),
        .step(.step, "run: [x] KEY"), .step(.retry, "model: m, prompt: hi, retry: { KEY }"), .step(.limits, "model: m, prompt: hi, limits: { max_total_tokens: 9 KEY }"),
        .step(.modelOutput, "model: m, prompt: hi, output: { schema: { type: object } KEY }"), .step(.runOutput, "run: [x], output: { schema: {} KEY }"),
        .step(.escalate, "prompt: hi, escalate: { tiers: [m] KEY }"), .step(.check, "prompt: hi, escalate: { tiers: [m], checks: { c: { expr: \"true\" KEY } } }"),
        .step(.judgeOutput, "prompt: hi, escalate: { tiers: [m], accept: \"true\", checks: { c: { model: m, prompt: hi, output: { schema: {} KEY } } } }"),
        .step(.judgeLimits, "prompt: hi, escalate: { tiers: [m], accept: \"true\", checks: { c: { model: m, prompt: hi, limits: { max_total_tokens: 9 KEY } } } }"),
        .step(.gateQuestion, "prompt: hi, escalate: { tiers: [m], on_exhausted: { ask: { message: hi KEY } } }"),
        .step(.forEach, "value: 1, for_each: { items: \"[1]\" KEY }"), .step(.approval, "approve: { message: ok? KEY }"),
        .project(.projectTop, "{ version: 1 KEY }"), .provider(.provider, "KEY"), .provider(.dialect, ", dialect: { KEY }"),
        .provider(.serve, ", models: { x: { serve: { command: [x] KEY } } }"),
        .project(.price, "prices: [{ model: a/b, input_per_mtok_usd: 1, output_per_mtok_usd: 1 KEY }]"),
        .step(.memo, "model: m, prompt: hi, memo: { max_age: 1h KEY }"),
        Place(.prefix, "prefixes: { p: { text: hi KEY } }\n\(steps)"), Place(.prefixCache, "prefix_cache: { holdout: 5% KEY }\n\(steps)"),
    ]
    /// Nothing decodes them: their declarations are all there is.
    private static let checkedOnly: [LanguageMapping] = [.band, .spending, .selection, .alert, .address, .secret, .telemetry]

    private static func defaults(_ mapping: LanguageMapping) -> [(key: LanguageMapping.Key, value: JSONValue)] {
        mapping.keys.compactMap { key in
            guard key.runs, case .value(let value)? = key.absent else { return nil }
            return (key, value)
        }
    }

    @Test func everyDefaultIsTried() {
        let tried = Set(Self.places.flatMap { place in Self.defaults(place.mapping).map { "\(place.mapping.name).\($0.key.name)" } })
        let checked = Set(Self.checkedOnly.map(\.name))
        for mapping in LanguageMapping.workflow + LanguageMapping.project where !checked.contains(mapping.name) {
            for (key, _) in Self.defaults(mapping) { #expect(tried.contains("\(mapping.name).\(key.name)"), "\(mapping.name).\(key.name)") }
        }
        #expect(tried.count >= 30)
    }

    /// Written out or left out, it is the same: so the decoder has the default that the schemas and the pages tell.
    @Test(arguments: places.indices) func aKeyThatIsNotThereIsItsDefault(index: Int) throws {
        let place = Self.places[index]
        let without = try Self.decoded(place, "")
        // Words of a dialect are handed on as they are written; what they mean, and what no word means, is tested with the providers.
        if place.mapping.name == LanguageMapping.dialect.name { return }
        for (key, value) in Self.defaults(place.mapping) {
            // Of a step, a key that goes with the kind that stands there.
            if !key.kinds.isEmpty, !key.kinds.contains("run") { continue }
            let isFirst = place.text.contains("{ KEY")
            let with = try Self.decoded(place, (isFirst ? "" : ", ") + "\(key.name): \(value.jsonText)")
            #expect(with == without, "\(place.mapping.name).\(key.name): \(value.jsonText)")
        }
    }

    /// What was compared is more than nothing: another value is another result.
    @Test(arguments: [
        (0, "concurrency: 33"), (1, "timeout: 121s"), (2, "max_attempts: 4"), (3, "max_output_tokens: 1025"), (4, "admit: worst"), (5, "unit: letter"), (6, "shell: false, ok_exit: [1]"),
        (9, "repair: 2"), (11, "on_refusal: escalate"), (12, "record: true"), (13, "repair: 2"), (14, "max_output_tokens: 1025"), (15, "on_timeout: best"), (16, "as: thing"),
        (17, "on_timeout: reject"), (18, "ledger: other.db"), (19, "insecure_http: true"), (20, "stream: true"), (21, "ready: /ok"), (22, "source: a page"), (23, "scope: run"),
        (24, "ttl: 1h"), (25, "marks: off"),
    ])
    func anotherValueIsAnotherResult(index: Int, key: String) throws {
        let place = Self.places[index]
        #expect(try Self.decoded(place, (place.text.contains("{ KEY") ? "" : ", ") + key) != Self.decoded(place, ""), "\(place): \(key)")
    }

    private static func decoded(_ place: Place, _ key: String) throws -> String {
        let body = place.text.replacing("KEY", with: key)
        if place.isProject {
            let project = try TemporaryProject(["agentctl.yaml": body.hasPrefix("{") ? body : "version: 1\n" + body])
            return Picture.of(try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root)).replacing(project.root, with: "ROOT")
        }
        let head = "version: 1\nname: t\nmodels: { m: { use: a/b } }\n"
        let text = body.hasPrefix("{") ? "{ models: { m: { use: a/b } }, " + body.dropFirst() : head + body
        let project = try TemporaryProject(["w.yaml": text])
        // That a cap was written is told, as a gate never raises one that was.
        return Picture.of(try project.load()).replacing(project.root, with: "ROOT").replacing("hasUsualOutputCap: false", with: "hasUsualOutputCap: true")
    }

    // MARK: The page with the rules

    /// A table of the pages with the rules, and the mapping whose keys it has.
    @Test func theRulesPagesSayWhatIsDeclared() throws {
        let pages = try ["Docs/Workflow.md", "Docs/Escalation.md"].map { try DocumentationPage($0) }
        let mappings = LanguageMapping.workflow + LanguageMapping.project
        var checked = (ranges: 0, words: 0, defaults: 0)
        let tables = pages.flatMap(\.sections).filter { $0.level == 2 }.flatMap(\.tables).filter { $0[0].count > 2 && $0[0][0] == "key" && $0[0][2] == "default" }
        for table in tables {
            let names = table.dropFirst().flatMap { DocumentationPage.spans(in: $0[0]) }
            let mapping = try #require(mappings.max { a, b in names.count { a.key($0) != nil } < names.count { b.key($0) != nil } })
            for row in table.dropFirst() {
                let named = DocumentationPage.spans(in: row[0])
                guard named.count == 1, let key = Self.key(named[0], of: mapping) else { continue }
                let place = "\(mapping.name).\(key.name)"
                switch key.shape {
                case .integer(let range) where range.upperBound < .max:
                    #expect(row[1].replacing(",", with: "") == "\(range.lowerBound) to \(range.upperBound)", "\(place)")
                    checked.ranges += 1
                case .words(let words):
                    #expect(Set(DocumentationPage.spans(in: row[1])).isSuperset(of: words), "\(place)")
                    checked.words += 1
                default: break
                }
                if case .value(let value)? = key.absent {
                    let told = row[2].filter { !"`[]".contains($0) }
                    #expect(told == LanguageMapping.Default.value(value).text, "\(place)")
                    checked.defaults += 1
                }
                #expect(key.isRequired == row[2].hasPrefix("required"), "\(place)")
                #expect(key.runs || row[0].contains("†") || row[1].contains("†"), "\(place)")
            }
        }
        #expect(tables.count >= 15 && checked.ranges >= 12 && checked.words >= 15 && checked.defaults >= 30, "\(tables.count) \(checked)")
    }

    private static func key(_ name: String, of mapping: LanguageMapping) -> LanguageMapping.Key? {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count == 2, let outer = mapping.key(parts[0]), case .mapping(let inner) = outer.shape else { return mapping.key(name) }
        return LanguageMapping.named(inner).key(parts[1])
    }
}

/// What a value is made of, without the places in the file where its parts stand.
private enum Picture {
    private static let places: Set<String> = ["range", "sources", "hash", "texts", "location", "start", "end", "margin"]

    static func of(_ value: Any) -> String { text(value, 0) }

    private static func text(_ value: Any, _ depth: Int) -> String {
        let mirror = Mirror(reflecting: value)
        let type = "\(mirror.subjectType)"
        if depth > 60 || type.hasPrefix("Source") || type.hasPrefix("Optional<Source") { return "" }
        if mirror.displayStyle == .enum, mirror.children.isEmpty { return "\(value)" }
        if mirror.children.isEmpty { return mirror.displayStyle == .class ? type : "\(value)" }
        var parts: [String] = []
        for child in mirror.children where !places.contains(child.label ?? "") {
            parts.append("\(child.label.map { $0 + ": " } ?? "")\(text(child.value, depth + 1))")
        }
        if mirror.displayStyle == .set || mirror.displayStyle == .dictionary { parts.sort() }
        return "\(type)(\(parts.joined(separator: ", ")))"
    }
}

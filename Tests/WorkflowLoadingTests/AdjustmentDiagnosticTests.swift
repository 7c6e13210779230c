import Economics
import TestSupport
import Testing
import Values
import WorkflowLoading

/// What a project file says of contracts, right and wrong.
@Suite struct AdjustmentDiagnosticTests {
    private func problems(_ adjustments: String) throws -> [String] {
        let project = try TemporaryProject(["agentctl.yaml": "version: 1\nadjustments:\n\(adjustments)\n"])
        do throws(Diagnostics) {
            _ = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root)
            return []
        } catch {
            return error.errors.map { "\($0.range?.start.line ?? 0) \($0.code)" }
        }
    }

    @Test func theyAreReadExactly() throws {
        let project = try TemporaryProject([
            "agentctl.yaml": """
            version: 1
            adjustments:
              - { models: openai/*, multiplier: 0.872519, from: 2026-01-01, name: contract 17 }
              - { models: [a/b, "c/d*"], credit_usd: 5000.000000000001, from: 2026-01-01, to: 2026-07-01T12:00:00Z }
              - { models: google/*, commitment_usd: 10000, from: 2026-01-01, to: 2027-01-01 }
            """
        ])
        let read = try ProjectLoader.load(named: project.path("agentctl.yaml"), searchingFrom: project.root).adjustments
        let (first, middle, last) = (Timestamp(rfc3339: "2026-01-01")!, Timestamp(rfc3339: "2026-07-01T12:00:00Z")!, Timestamp(rfc3339: "2027-01-01")!)
        #expect(
            read == [
                PriceAdjustment(name: "contract 17", models: ["openai/*"], kind: .multiplier(872_519), from: first, to: nil),
                PriceAdjustment(name: "a/b, c/d*", models: ["a/b", "c/d*"], kind: .credit(Money(decimal: "5000.000000000001")!), from: first, to: middle),
                PriceAdjustment(name: "google/*", models: ["google/*"], kind: .commitment(Money(decimal: "10000")!), from: first, to: last),
            ])
    }

    @Test(arguments: [
        ("  - { models: a/*, multiplier: 0.85 }\n  - { models: [b/c, a/*], multiplier: 0.8 }", ["4 AW118"]),
        ("  - { models: a/*, multiplier: 0.85, to: 2026-02-01 }\n  - { models: a/*, multiplier: 0.8, from: 2026-02-01 }", []),
        ("  - { models: a/*, multiplier: 0.85 }\n  - { models: a/b, multiplier: 0.8 }", []),
        ("  - { models: nope, multiplier: 0.8 }", ["3 AW109"]), ("  - { models: a/b, multiplier: 85 }", ["3 AW103"]), ("  - { models: a/b, multiplier: 85% }", ["3 AW103"]),
        ("  - { models: a/b, multiplier: 0 }", ["3 AW103"]), ("  - { models: a/b, multiplier: -0.5 }", ["3 AW103"]), ("  - { models: a/b, multiplier: 0.12345678 }", ["3 AW103"]),
        ("  - { models: a/b, credit_usd: 5 }", ["3 AW104"]), ("  - { models: a/b, credit_usd: 5, from: 2026-01-01 }", ["3 AW104"]),
        ("  - { models: a/b, credit_usd: 5, multiplier: 1, from: 2026-01-01, to: 2027-01-01 }", ["3 AW112"]), ("  - { models: a/b }", ["3 AW112"]),
        ("  - { models: a/b, commitment_usd: -4, from: 2026-01-01, to: 2027-01-01 }", ["3 AW103"]),
        ("  - { models: a/b, multiplier: 0.5, from: 2027-01-01, to: 2026-01-01 }", ["3 AW103"]), ("  - { models: a/b, multiplier: 0.5, from: May }", ["3 AW103"]),
        ("  - { multiplier: 0.5 }", ["3 AW104"]), ("  - 0.5", ["3 AW103"]),
    ])
    func whatIsWrongIsNamed(adjustments: String, codes: [String]) throws {
        #expect(try problems(adjustments) == codes)
    }
}

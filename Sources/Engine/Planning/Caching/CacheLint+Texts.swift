import Expressions
import PromptCaching
import Values
import WorkflowModel

/// CP001, CP002, CP004 and CP013: what stands in a beginning that others could share, and changes.
extension CacheLint {
    func checkTexts(_ report: Report) {
        var seen: Set<SourceRange> = []
        for question in outlook.asked {
            // What stands last has nothing behind it to lose.
            for (index, block) in question.blocks.enumerated().dropLast() where block.stability < .attempt {
                guard let template = template(of: block, question) else { continue }
                let behind = question.blocks[index...]
                for case .expression(let expression) in template.parts where seen.insert(expression.range).inserted {
                    checkRun(expression, block, behind, report)
                    checkOrder(expression, block, question, report)
                }
            }
            checkTrimming(question, report)
        }
    }

    private func checkRun(_ expression: Expression, _ block: PrefixOutlook.Block, _ behind: ArraySlice<PrefixOutlook.Block>, _ report: Report) {
        for reference in expression.references where reference.path.first == "run" {
            switch reference.path.count > 1 ? reference.path[1] : "" {
            case "started_at" where !Self.isSameAllDay(expression):
                report(
                    "CP001", "the time of the run stands in \(Self.words(block)): from there on no prompt begins like one of another run (\(Self.size(behind)))", reference.range,
                    "write the day alone, run.started_at.substring(0, 10), or move the time into the prompt's last part")
            case "started_at": break
            default:
                report(
                    "CP002", "the id of the run stands in \(Self.words(block)): from there on no prompt begins like one of another run (\(Self.size(behind)))", reference.range,
                    "move it into the prompt's last part, or leave it out: a model has no use for it")
            }
        }
    }

    private static func words(_ block: PrefixOutlook.Block) -> String {
        block.origin.hasPrefix("prefix ") ? "the prefix '\(block.origin.dropFirst(7))'" : block.origin.hasPrefix("messages") ? block.origin : "'\(block.origin)'"
    }

    /// Whether an expression gives the same at two times of one day, as far as they can be tried.
    private static func isSameAllDay(_ expression: Expression) -> Bool {
        func value(_ time: String) -> JSONValue? { try? expression.evaluateJSON(RunTimeOnly(time: time)) }
        guard let morning = value("2026-03-14T03:05:07.000000Z"), let evening = value("2026-03-14T21:43:59.987654Z") else { return false }
        return morning == evening
    }

    /// An object as it is: its keys stand in the order of whoever gave it.
    private func checkOrder(_ expression: Expression, _ block: PrefixOutlook.Block, _ question: PrefixOutlook.Asked, _ report: Report) {
        guard block.stability <= .execution, expression.references.count == 1, let reference = expression.references.first, reference.isWhole, reference.path.count == 2, reference.path[0] == "inputs",
            expression.source == "inputs.\(reference.path[1])", let input = graph(of: question).inputs.first(where: { $0.name.hasSameBytes(as: reference.path[1]) }),
            input.schema.typeNames == ["object"]
        else { return }
        report(
            "CP004", "the input '\(input.name)' is written as JSON into \(Self.words(block)), its keys in the order of whoever gives it: the same object in another order is another beginning", expression.range,
            "name its fields one after the other, ${{ inputs.\(input.name).NAME }}, or take a text")
    }

    /// What is cut to fit stands before something else.
    private func checkTrimming(_ question: PrefixOutlook.Asked, _ report: Report) {
        guard question.part.isEmpty, !question.step.limits.trim.isEmpty, let last = question.blocks.indices.last else { return }
        for (index, block) in question.blocks.enumerated() where index < last {
            guard let template = template(of: block, question) else { continue }
            for reference in template.references where reference.path.first == "with" && reference.path.count > 1 && question.step.limits.trim.contains(where: { $0.hasSameBytes(as: reference.path[1]) }) {
                report(
                    "CP013", "with.\(reference.path[1]), which is cut where the prompt is too long, stands before other parts of it: a cut changes what they follow, \(Self.size(question.blocks[(index + 1)...]))",
                    reference.range, "let it stand in the last part of the prompt")
            }
        }
    }
}

/// Knows the run's time, and nothing else.
private struct RunTimeOnly: Bindings {
    let time: String

    func value(named name: String) -> CELValue? { name == "run" ? CELValue(.object(["started_at": .string(time)])) : .unknown }
}

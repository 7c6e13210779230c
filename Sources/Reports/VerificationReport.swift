import Values
import WorkflowModel

/// What `verify` prints of a run.
public enum VerificationReport {
    /// A line, and one for each thing that does not fit.
    public static func text(_ found: RunVerification, style: TextStyle) -> String {
        var head = StyledText(found.run, .bold) + "  "
        switch found.chain {
        case .intact(let events, let hash)? where !found.faults.isEmpty:
            head = head + StyledText("changed", .red) + StyledText("  the chain of \(Figures.counted(events, "event")) is whole, and not all fits it  head \(hash.hex)")
        case .intact(_, let hash)? where found.prunedAt != nil:
            head = head + StyledText("pruned", .yellow) + StyledText("  gc removed its events\(Self.when(found)), what it kept is as it was  head \(hash.hex)")
        case .intact(let events, let hash)?:
            head = head + StyledText("intact", .green) + StyledText("  \(Figures.counted(events, "event"))  head \(hash.hex)")
        case .broken(let sequence)?: head = head + StyledText("broken at event \(sequence)", .red)
        case nil: head = head + StyledText("pruned", .yellow) + StyledText("  gc removed its events\(Self.when(found))  head \(found.head.hex)")
        }
        var lines = [head.rendered(style)]
        switch found.keptHead {
        case .matches?: lines.append(StyledText("  the head is the one that was kept", .green).rendered(style))
        case .isOfEvent(let sequence)?: lines.append("  the head that was kept is that of event \(sequence): all up to it is as it was, and the run went on")
        case .differs?: lines.append(StyledText("  the head is another than the one that was kept", .red).rendered(style))
        case nil: break
        }
        if found.chain != nil, found.prunedAt == nil, !found.provesRows {
            lines.append(StyledText("  its facts do not tell all that its rows hold: the rows were held against each other alone", .yellow).rendered(style))
        }
        if found.redacted > 0 {
            let what = found.redacted == 1 ? "1 document was taken or left out: its hash is proved, and not what it said" : "\(found.redacted) documents were taken or left out: their hashes are proved, and not what they said"
            lines.append(StyledText("  " + what, .yellow).rendered(style))
        }
        for fault in found.faults { lines += fault.wrapped(to: style.width.map { $0 - 2 }).map { StyledText("  " + $0, .red).rendered(style) } }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func when(_ found: RunVerification) -> String { found.prunedAt.map { " on \($0.dateText)" } ?? "" }

    /// What of rows that were proved follows from no fact; empty where there is nothing of the kind.
    ///
    /// - Parameter unproved: as ``RunVerification/unproved`` lists it.
    public static func rest(_ unproved: [String], style: TextStyle) -> String {
        if unproved.isEmpty { return "" }
        let lines = ("not proved, as no fact tells it: " + unproved.joined(separator: "; ")).wrapped(to: style.width.map { $0 - 2 })
        return lines.map { StyledText("  " + $0, .dim).rendered(style) + "\n" }.joined()
    }

    public static func json(_ found: RunVerification) -> JSONValue {
        var (events, broken): (Int?, Int?) = (nil, nil)
        switch found.chain {
        case .intact(let count, _)?: events = count
        case .broken(let sequence)?: broken = sequence
        case nil: break
        }
        let kept: String? =
            switch found.keptHead {
            case .matches?: "matches"
            case .isOfEvent?: "earlier"
            case .differs?: "differs"
            case nil: nil
            }
        var keptEvent: Int?
        if case .isOfEvent(let sequence)? = found.keptHead { keptEvent = sequence }
        return [
            "run": .string(found.run), "status": .string(found.status.rawValue), "ok": .bool(found.isSound),
            "chain": .string(broken != nil ? "broken" : found.prunedAt == nil && events != nil ? "intact" : "pruned"), "events": .number(events), "broken_at": .number(broken),
            "head": .string(found.head.hex), "documents": .number(found.documents), "redacted": .number(found.redacted), "pruned_at": .time(found.prunedAt), "kept_head": .text(kept),
            "kept_head_event": .number(keptEvent), "proves_rows": .bool(found.provesRows),
            "unproved": .array(found.unproved.map(JSONValue.string)), "faults": .array(found.faults.map(JSONValue.string)),
        ]
    }
}

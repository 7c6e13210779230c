import Economics
import Expressions
import PromptCaching
import Values
import WorkflowModel

/// Cuts values under `with` until a prompt fits its limit: equal values are cut alike, in any process.
///
/// The values are cut in the order in which `limits.trim` names them, each no more than is needed: a text from its end, at
/// a code point, with a mark in the place of what is gone; a list by its last elements. What is neither is left as it is.
struct PromptTrimmer {
    /// Stands in a text for what was cut away behind it.
    static let mark = " [\u{2026}]"

    /// A prompt that fits.
    struct Trimmed {
        let segments: [PromptSegment]
        let scope: RunScope
        /// The values that were cut, in the order of cutting.
        let values: [TrimmedValue]
    }

    typealias Render = (RunScope) throws(EvaluationError) -> [PromptSegment]

    private let keys: [String]
    private let maxBytes: Int

    /// `nil` where nothing may be cut.
    init?(_ limits: StepLimits, attachedTokens: Int = 0) {
        guard !limits.trim.isEmpty, let tokens = limits.maxInputTokens else { return nil }
        keys = limits.trim
        // What ``TokenBound/estimate(bytes:)`` takes for so many tokens.
        maxBytes = max(0, tokens - attachedTokens) * 4
    }

    /// - Parameters:
    ///   - segments: the prompt as it is.
    ///   - scope: what it was rendered from.
    /// - Returns: `nil` when it fits as it is, or not even without the values.
    func fit(_ segments: [PromptSegment], _ scope: RunScope, _ render: Render) throws(EvaluationError) -> Trimmed? {
        guard Self.bytes(segments) > maxBytes else { return nil }
        // It may have been cut before, for a call with less to say.
        var excess = Self.bytes(try render(scope)) - maxBytes
        var values = scope.withValues
        var cut: [TrimmedValue] = []
        for key in keys {
            guard let original = values[key], let whole = Cut(original) else { continue }
            func rendered(_ kept: Int) throws(EvaluationError) -> [PromptSegment] {
                values[key] = whole.value(keeping: kept)
                return try render(scope.replacing(with: values))
            }
            var best = try rendered(0)
            var (fits, tooMuch) = (0, whole.size)
            if Self.bytes(best) > maxBytes {
                excess = Self.bytes(best) - maxBytes
            } else {
                // Where a text stands in the prompt once and as it is, the first guess is right, and the second shows it.
                var guess = whole.size - excess - whole.markBytes
                var step = 4
                while tooMuch - fits > 1 {
                    if guess <= fits || guess >= tooMuch { guess = fits + (tooMuch - fits) / 2 }
                    let candidate = try rendered(guess)
                    if Self.bytes(candidate) <= maxBytes {
                        (best, fits) = (candidate, guess)
                        guess += step
                        step *= 4
                    } else {
                        tooMuch = guess
                        guess = fits + (tooMuch - fits) / 2
                    }
                }
                excess = 0
            }
            values[key] = whole.value(keeping: fits)
            cut.append(TrimmedValue(key: key, before: Self.bytes(original), after: Self.bytes(values[key]!)))
            if excess == 0 { return Trimmed(segments: best, scope: scope.replacing(with: values), values: cut) }
        }
        return nil
    }

    private static func bytes(_ segments: [PromptSegment]) -> Int { segments.reduce(0) { $0 + $1.text.utf8.count } }

    private static func bytes(_ value: JSONValue) -> Int { (value.stringValue ?? value.jsonText).utf8.count }
}

/// A value that can be shortened, in bytes of a text or elements of a list.
private enum Cut {
    case text([UInt8])
    case list([JSONValue])

    init?(_ value: JSONValue) {
        switch value {
        case .string(let text) where text.utf8.count > PromptTrimmer.mark.utf8.count: self = .text(Array(text.utf8))
        case .array(let elements) where !elements.isEmpty: self = .list(elements)
        default: return nil
        }
    }

    var size: Int {
        switch self {
        case .text(let bytes): return bytes.count
        case .list(let elements): return elements.count
        }
    }

    var markBytes: Int { if case .text = self { PromptTrimmer.mark.utf8.count } else { 0 } }

    /// - Parameter count: fewer than there are; of a text, down to the next code point.
    func value(keeping count: Int) -> JSONValue {
        switch self {
        case .text(let bytes):
            var end = count
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
            return .string(String(decoding: bytes[..<end], as: UTF8.self) + PromptTrimmer.mark)
        case .list(let elements): return .array(Array(elements[..<count]))
        }
    }
}

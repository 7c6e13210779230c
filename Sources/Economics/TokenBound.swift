import Foundation
import Values

/// How many tokens a prompt can have at most, and how many it probably has, without its tokenizer.
public enum TokenBound {
    /// An upper bound for byte-level tokenizers: no token is shorter than a byte, so a text has at most as many tokens
    /// as UTF-8 bytes; a tokenizer that normalises (NFKC) first may grow some characters, so the larger of both counts.
    public static func inlineText(_ text: String) -> Int {
        var text = text
        let (count, isASCII) = text.withUTF8 { bytes in (bytes.count, bytes.allSatisfy { $0 < 0x80 }) }
        if isASCII { return count }
        return max(count, text.precomposedStringWithCompatibilityMapping.utf8.count)
    }

    /// What a chat template adds: role markers and separators for each message, a preamble for the whole.
    ///
    /// Learned, not proved: 12 tokens a message covers ChatML, Llama 3 and Mistral templates; 64 a default system text.
    public static func templateOverhead(messages: Int) -> Int { 64 + 12 * messages }

    /// The usual size of English text and JSON: four bytes a token. For plans and input limits, never for money held.
    public static func estimate(bytes: Int) -> Int { (bytes + 3) / 4 }
}

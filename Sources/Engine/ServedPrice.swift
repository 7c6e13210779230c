import Economics
import Values
import WorkflowModel

/// What the name of the model that answered means for the price of a call. See decision 0013.
enum ServedPrice {
    /// The model that was asked, by whatever name, or another at the same prices.
    case asAsked
    /// Another model whose price is known.
    case another(String, PriceSheet, isTrusted: Bool)
    /// Another model, at a provider whose names are known, and its price is not.
    case unknown(String)

    /// - Parameters:
    ///   - sheet: of the model that was asked; `nil` for one without a price.
    ///   - find: the prices of another model of the provider.
    init(_ served: String?, asked profile: ModelProfile, sheet: PriceSheet?, find: (String) -> PriceSheet?) {
        guard let served, let sheet, served != profile.servedID, !sheet.isMachineTime, !Self.isAlias(served, of: profile) else {
            self = .asAsked
            return
        }
        if let other = find(served) {
            self = other == sheet ? .asAsked : .another(served, other, isTrusted: profile.servedNames == .trusted)
        } else {
            self = profile.servedNames == .known && !Self.isVariant(served, of: profile.servedID) ? .unknown(served) : .asAsked
        }
    }

    private static func isAlias(_ served: String, of profile: ModelProfile) -> Bool {
        served.isEmpty || served == profile.reference.model || served == profile.reference.description
    }

    /// Whether a name is that of the model that was asked, more or less exactly: with its maker or without, with the date or the
    /// number of its version or without, with a gateway's routing word (`:nitro`) or without.
    static func isVariant(_ served: String, of asked: String) -> Bool {
        func bare(_ name: String) -> Substring {
            let name = name.lowercased()[...]
            let id = name.split(separator: "/", omittingEmptySubsequences: false).last ?? name
            let routed = id.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first ?? id
            return routed.hasSuffix("-latest") ? routed.dropLast("-latest".count) : routed
        }
        let (served, asked) = (bare(served), bare(asked))
        if served == asked { return true }
        let (long, short) = served.utf8.count > asked.utf8.count ? (served, asked) : (asked, served)
        guard !short.isEmpty, long.hasPrefix(short) else { return false }
        let rest = long.dropFirst(short.count)
        // Less than three digits are another model: claude-opus-4 and claude-opus-4-5.
        return rest.first.map { "-@".contains($0) } == true && rest.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "@") }
            && rest.utf8.count { $0 &- 0x30 < 10 } >= 3
    }
}

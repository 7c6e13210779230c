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
        let isVariant = Self.isVariant(served, of: profile.servedID)
        let names = isVariant ? [] : Self.plainerNames(served, asked: profile.servedID)
        if let other = find(served) ?? names.lazy.compactMap(find).first {
            self = other == sheet ? .asAsked : .another(served, other, isTrusted: profile.servedNames == .trusted)
        } else {
            self = profile.servedNames == .known && !isVariant ? .unknown(served) : .asAsked
        }
    }

    /// Of a call whose answer gave several names: the dearest model of them, so that their order changes nothing.
    init(_ names: [String], asked profile: ModelProfile, sheet: PriceSheet?, usage: TokenUsage, find: (String) -> PriceSheet?) {
        self = ServedPrice(names.first, asked: profile, sheet: sheet, find: find)
        func cost(_ sheet: PriceSheet?) -> Money { sheet?.cost(of: usage, busy: .milliseconds(0)).total ?? .zero }
        for name in names.dropFirst() {
            let next = ServedPrice(name, asked: profile, sheet: sheet, find: find)
            // Of two that cost the same the one that is known less, and then by name.
            func rank(_ price: ServedPrice) -> (Money, Int, String) {
                switch price {
                case .asAsked: (cost(sheet), 0, "")
                case .another(let name, let other, _): (cost(other), 1, name)
                case .unknown(let name): (cost(sheet), 2, name)
                }
            }
            if rank(next) > rank(self) { self = next }
        }
    }

    /// The names by which a price may stand, of a name with more: without a routing word, a date or the number of a version, its maker;
    /// with the maker of the model that was asked. The fullest first.
    private static func plainerNames(_ served: String, asked: String) -> [String] {
        let name = served.lowercased()
        let routed = name.split(separator: ":", maxSplits: 1).first.map(String.init) ?? name
        let own = routed.split(separator: "/").last.map(String.init) ?? routed
        var names = [name]
        for form in [routed, own] + (asked.split(separator: "/").dropLast().map { "\($0.lowercased())/\(own)" }) {
            names.append(form)
            if form.hasSuffix("-latest") { names.append(String(form.dropLast("-latest".count))) }
            let tail = form.utf8.reversed().prefix { $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "@") }.count
            for end in form.utf8.indices.suffix(tail).reversed() where form.utf8[end] &- 0x30 >= 10 && end > form.startIndex {
                let plain = String(form[..<end])
                if isVariant(form, of: plain) { names.append(plain) }
            }
        }
        return names.filter { $0 != served }
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

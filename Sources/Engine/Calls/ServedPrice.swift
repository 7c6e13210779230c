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
        guard let served, let sheet, !served.hasSameBytes(as: profile.servedID), !sheet.isMachineTime, !Self.isAlias(served, of: profile) else {
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
        let routed = name.parts(at: UInt8(ascii: ":")).first.map(String.init) ?? name
        let own = routed.parts(at: UInt8(ascii: "/")).last.map(String.init) ?? routed
        var names = [name]
        for form in [routed, own] + (asked.parts(at: UInt8(ascii: "/")).dropLast().map { "\($0.lowercased())/\(own)" }) {
            names.append(form)
            if form.hasSuffix("-latest") { names.append(String(form.dropLast("-latest".count))) }
            let tail = form.utf8.reversed().prefix { $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "@") }.count
            for end in form.utf8.indices.suffix(tail).reversed() where form.utf8[end] &- 0x30 >= 10 && end > form.startIndex {
                let plain = String(form[..<end])
                if isVariant(form, of: plain) { names.append(plain) }
            }
        }
        return names.filter { !$0.hasSameBytes(as: served) }
    }

    private static func isAlias(_ served: String, of profile: ModelProfile) -> Bool {
        served.isEmpty || served.hasSameBytes(as: profile.reference.model) || served.hasSameBytes(as: profile.reference.description)
    }

    /// Whether a name is that of the model that was asked, more or less exactly: with its maker or without, with the date or the
    /// number of its version or without, with a gateway's routing word (`:nitro`) or without.
    static func isVariant(_ served: String, of asked: String) -> Bool {
        func bare(_ name: String) -> Substring.UTF8View {
            let id = name.lowercased().lastPathPart
            let routed = (id.cut(at: UInt8(ascii: ":"))?.before ?? id)[...].utf8
            let latest = "-latest".utf8
            return routed.count >= latest.count && routed.suffix(latest.count).elementsEqual(latest) ? routed.dropLast(latest.count) : routed
        }
        let (served, asked) = (bare(served), bare(asked))
        if served.elementsEqual(asked) { return true }
        let (long, short) = served.count > asked.count ? (served, asked) : (asked, served)
        guard !short.isEmpty, long.starts(with: short) else { return false }
        let rest = long.dropFirst(short.count)
        // Less than three digits are another model: claude-opus-4 and claude-opus-4-5.
        return rest.first.map { "-@".utf8.contains($0) } == true && rest.allSatisfy { $0 &- 0x30 < 10 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "@") }
            && rest.count { $0 &- 0x30 < 10 } >= 3
    }
}

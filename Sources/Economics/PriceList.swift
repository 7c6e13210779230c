import Values

/// An entry of a price list: all rows of one model from one date, which stand for themselves.
struct PriceList: Sendable {
    /// The model's own name first, then others that the vendor serves as the same. One that ends in `*` covers every id that
    /// begins so; `#` is any digit.
    let names: [String]
    var rows: [PriceRow]
    var regions: [PriceRegion] = []
    /// The most tokens of a prompt, where known.
    var contextWindow: Int?
    /// What images are billed as, where the vendor documents it.
    var imageTokens: ImageTokens?

    /// How closely it fits a model; `nil`: not at all.
    func fit(_ model: String) -> Fit? { names.lazy.compactMap { Fit(name: $0, model: model) }.max() }

    typealias Fit = NameFit
}

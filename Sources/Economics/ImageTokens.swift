/// The most tokens that an image is billed as: a vendor's documented formula, or a figure of the user's.
public enum ImageTokens: Sendable, Hashable {
    /// `base`, and `tile` for each square of 512 pixels after the image was scaled to fit 2,048 by 2,048 pixels and to 768 on
    /// its shorter side; `base` alone in low detail. Source: OpenAI, "Images and vision", GPT-4o and GPT-4.1.
    case tiles(base: Int, tile: Int)
    /// A token for each square of 32 pixels, at most `most`, times `perMille` thousandths. Source: OpenAI, "Images and
    /// vision", the mini and nano models since GPT-4.1.
    case patches(most: Int, perMille: Int)
    /// Whatever the image.
    case atMost(Int)

    /// - Parameters:
    ///   - size: `nil`: not known, which counts as the dearest.
    ///   - isLow: whether low detail is asked for.
    public func bound(_ size: (width: Int, height: Int)?, isLow: Bool) -> Int {
        switch self {
        case .atMost(let tokens): return tokens
        case .tiles(let base, let tile):
            if isLow { return base }
            return base + tile * (size.map { Self.tiles($0.width, $0.height) } ?? Self.mostTiles)
        case .patches(let most, let perMille):
            let count = size.map { min(most, Self.product(Self.squares($0.width, 32), Self.squares($0.height, 32))) } ?? most
            return (count * perMille + 999) / 1000
        }
    }

    /// Two by four: 768 by 2,048 pixels.
    private static let mostTiles = 8

    /// Whether a smaller image is scaled up is not said: it is taken to be.
    private static func tiles(_ width: Int, _ height: Int) -> Int {
        let (short, long) = (max(1, min(width, height)), max(width, height))
        // In whole numbers, rounded up.
        let scaled = min(2048, (min(long, 1 << 40) * 768 + short - 1) / short)
        return min(mostTiles, 2 * squares(scaled, 512))
    }

    private static func squares(_ pixels: Int, _ side: Int) -> Int { (pixels - 1) / side + 1 }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }
}

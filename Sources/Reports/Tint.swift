/// An emphasis of text. Carries no meaning alone: what is red also says `failed`.
public enum Tint: String, Sendable, Hashable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
}

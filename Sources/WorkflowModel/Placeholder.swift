// placeholder until this room moves in

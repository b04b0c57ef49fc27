//! The code pages of DOS, which the web forgot and spreadsheets still write ("CSV (MS-DOS)").
//!
//! In: bytes. Out: text; every byte is a character. Never: which page it is.

/// A code page whose lower half is ASCII.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dos {
    /// As IANA calls it.
    pub name: &'static str,
    /// What the bytes from 0x80 on are.
    high: &'static str,
}

/// Western Europe.
pub(super) const IBM850: Dos = Dos {
    name: "ibm850",
    high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
           └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
};
/// Central Europe.
pub(super) const IBM852: Dos = Dos {
    name: "ibm852",
    high: "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
           └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
};
/// America: the letters of [`IBM850`] for most languages, with other signs.
pub(super) const IBM437: Dos = Dos {
    name: "ibm437",
    high: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
           └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
};

impl Dos {
    pub fn decode(&self, bytes: &[u8]) -> String {
        let high: Vec<char> = self.high.chars().collect();
        let character = |byte: &u8| match byte.checked_sub(0x80) {
            Some(at) => high[usize::from(at)],
            None => char::from(*byte),
        };
        bytes.iter().map(character).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_character() {
        for page in [IBM850, IBM852, IBM437] {
            assert_eq!(page.high.chars().count(), 128, "{}", page.name);
        }
        assert_eq!(IBM850.decode(b"Caf\x82 \x9aber \xe1"), "Café Über ß");
        assert_eq!(IBM852.decode(b"\x9d\xa2d\xab"), "Łódź");
        assert_eq!(IBM437.decode(b"pi\xa4ata"), "piñata");
    }
}

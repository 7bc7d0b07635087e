// Vector math against double precision values from elsewhere (numpy): within 4 ulp (erfc within 8) everywhere, denormals included, and
// the infinities, NaN and limits exactly. Each `near` compares |f(x) - y| with that many units in the last place of y. On the
// compiled code only: the interpreter computes in double precision, where 1e-40 is not small and exp(89) is finite.
// RUN: sinter-run --device=compiled %s

func.func @exp_near() -> (tensor<40xi1>, tensor<40xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xC2BB3F44, 0xC2B31566, 0xC2B6BABC, 0xC2C73E69, 0xC2C4FEB9, 0xC2B3CB1C, 0xC2CDD790, 0xC2B55CF7, 0xC1939DC1, 0xC23B07C7, 0xC273C1C1, 0xC27C38BA, 0xC2822995, 0xC242E4CD, 0xC22E6F76, 0xC21D98CF, 0x3F7DB237, 0x3F15D7C8, 0x3E7A391B, 0x3F7A58FC, 0xBF11C30F, 0xBF2DF8B0, 0x3E667B2A, 0xBF69806F, 0x4083557A, 0x42372E6A, 0x42263D5D, 0x42A19652, 0x425EF882, 0x4236E9B7, 0x4230E976, 0x41B44538, 0x42B10154, 0x42B115AC, 0x42B14DF3, 0x42B11699, 0x42B129A0, 0x42B1006C, 0x42B15D7F, 0x42B11166]> : tensor<40xf32>
  %y = arith.constant dense<[0x00003CF5, 0x000E1BCA, 0x0002477F, 0x00000027, 0x00000077, 0x0009E4BC, 0x00000001, 0x00048360, 0x32267F2C, 0x1DBA8096, 0x13879BAF, 0x1202B749, 0x1089EAB1, 0x1C50F05B, 0x2007D638, 0x230EE822, 0x402C6954, 0x3FE5D550, 0x3FA36E3F, 0x402A2BC2, 0x3F10DD2A, 0x3F01BFBC, 0x3FA04F5C, 0x3ECDA822, 0x42725F87, 0x60863DE6, 0x5D78B4C0, 0x79BCC633, 0x67AB37E1, 0x607B0FEC, 0x5F6005CB, 0x4FB633D7, 0x7F4D64FB, 0x7F55B84A, 0x7F6E8D0B, 0x7F561B4F, 0x7F5E3693, 0x7F4D07FF, 0x7F75E7D8, 0x7F53F188]> : tensor<40xf32>
  %tolerance = arith.constant dense<[0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x27800000, 0x13000000, 0x09000000, 0x07800000, 0x06000000, 0x11800000, 0x15800000, 0x18800000, 0x35800000, 0x35000000, 0x35000000, 0x35800000, 0x34800000, 0x34800000, 0x35000000, 0x34000000, 0x37800000, 0x56000000, 0x52800000, 0x6F000000, 0x5D000000, 0x55800000, 0x54800000, 0x45000000, 0x74800000, 0x74800000, 0x74800000, 0x74800000, 0x74800000, 0x74800000, 0x74800000, 0x74800000]> : tensor<40xf32>
  %true = arith.constant dense<true> : tensor<40xi1>
  %f = math.exp %x : tensor<40xf32>
  %difference = arith.subf %f, %y : tensor<40xf32>
  %size = math.absf %difference : tensor<40xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<40xf32>
  return %near, %true : tensor<40xi1>, tensor<40xi1>
}

func.func @exp_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x42B20000, 0xC2DC0000, 0xC2D00000]> : tensor<8xf32>
  %y = arith.constant dense<[0x7F800000, 0x00000000, 0x7FC00000, 0x3F800000, 0x3F800000, 0x7F800000, 0x00000000, 0x00000000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.exp %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @expm1_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xC16EA65A, 0xC051841F, 0xC125060A, 0xC079DD84, 0xC0FB0D4D, 0xC0BD00D6, 0xC19217B9, 0xC11B7E06, 0x3C7EAE3E, 0x3F3E2032, 0xBE8E10CB, 0x3E4914BA, 0xBF61A9C5, 0xBE66214C, 0xBEB535F6, 0xBF331905, 0x3A25DA2E, 0xB97CD1D8, 0x3A7B0074, 0x393CB9EC, 0x395C51A6, 0x3990B32D, 0x39B90580, 0xBA371670, 0x421D3AA5, 0x41AEBC8C, 0x421011C5, 0x41169CB3, 0x42AA66EF, 0x419DA48F, 0x426DC637, 0x41D917A6]> : tensor<32xf32>
  %y = arith.constant dense<[0xBF7FFFFA, 0xBF764E62, 0xBF7FFDD4, 0xBF7AD6EA, 0xBF7FE657, 0xBF7F4D9B, 0xBF800000, 0xBF7FFC0E, 0x3C8055CF, 0x3F8CFFD6, 0xBE781E4F, 0x3E5E2EA6, 0xBF15F971, 0xBE4E1A94, 0xBE989D28, 0xBF00D2C8, 0x3A25E79D, 0xB97CCA0B, 0x3A7B1F3A, 0x393CBE45, 0x395C5793, 0x3990B84A, 0x39B90DDC, 0xBA370613, 0x5BD126C0, 0x4F3675CA, 0x59795ADA, 0x463F62CC, 0x7CF20B12, 0x4DAC4DD0, 0x6A589BA3, 0x530E005F]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x35000000, 0x34800000, 0x32000000, 0x35000000, 0x33800000, 0x33800000, 0x34800000, 0x33800000, 0x34000000, 0x34800000, 0x2F800000, 0x2E800000, 0x2F800000, 0x2E800000, 0x2E800000, 0x2F000000, 0x2F000000, 0x2F800000, 0x51000000, 0x44800000, 0x4E800000, 0x3B800000, 0x72000000, 0x43000000, 0x5F800000, 0x48800000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.expm1 %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @expm1_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0xC1F00000, 0x43480000, 0xC2C80000, 0x42B20000]> : tensor<8xf32>
  %y = arith.constant dense<[0x7F800000, 0xBF800000, 0x7FC00000, 0x00000000, 0xBF800000, 0x7F800000, 0xBF800000, 0x7F800000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.expm1 %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @log_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x00251BE0, 0x00052AD1, 0x0000097D, 0x001C54D1, 0x0047C323, 0x0030FC6C, 0x00022F5B, 0x00000ACB, 0x1642A1C3, 0x373DBF0F, 0x266BCE58, 0x15B9A129, 0x3546C812, 0x2A6C8E98, 0x272D8CDB, 0x1E887236, 0x3F8EE746, 0x3F5BF6BF, 0x3F0E9D2F, 0x3FE83BE8, 0x3F99CDE0, 0x3FA9255E, 0x3F7BB5F1, 0x3FD0411F, 0x41334143, 0x5252B151, 0x417EFD56, 0x460B83AC, 0x6FAADED2, 0x606DBE07, 0x5517EEB2, 0x59CBCEEF]> : tensor<32xf32>
  %y = arith.constant dense<[0xC2B12642, 0xC2B517AC, 0xC2BEF7A7, 0xC2B1B070, 0xC2AFD497, 0xC2B09816, 0xC2B6D05E, 0xC2BEB5B0, 0xC26472D4, 0xC1363CCD, 0xC20AF547, 0xC267691B, 0xC161DAC9, 0xC1E98784, 0xC206A39C, 0xC236BC3A, 0x3DE19066, 0xBE1B5AF9, 0xBF15C4E8, 0x3F1880CC, 0x3E3C0EC5, 0x3E8EB5EF, 0xBC8A6B93, 0x3EF934AE, 0x401AA35A, 0x41D12895, 0x4031314D, 0x41118D85, 0x4285A979, 0x4236B1E5, 0x41EFD05A, 0x42120904]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x38000000, 0x38000000, 0x38000000, 0x38000000, 0x38000000, 0x38000000, 0x38000000, 0x38000000, 0x37800000, 0x36800000, 0x37800000, 0x37800000, 0x36800000, 0x37000000, 0x37800000, 0x37800000, 0x33000000, 0x33800000, 0x34800000, 0x34800000, 0x33800000, 0x34000000, 0x32000000, 0x34000000, 0x35800000, 0x37000000, 0x35800000, 0x36800000, 0x38000000, 0x37800000, 0x37000000, 0x37800000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.log %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @log_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0x00000000, 0x7FC00000, 0xBF800000, 0x3F800000, 0xFF800000, 0x80000000, 0x800116C2]> : tensor<8xf32>
  %y = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x00000000, 0xFFC00000, 0xFF800000, 0xFFC00000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.log %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @log2_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x0024AC75, 0x00004499, 0x0002A55F, 0x00064F59, 0x00004C23, 0x00015D3B, 0x000D7A99, 0x003371D3, 0x146D6941, 0x3785A9E9, 0x0DDFE466, 0x2F6B48B5, 0x320398B3, 0x13C3331B, 0x20714467, 0x32309441, 0x3F057AEA, 0x3FB8AA29, 0x3FD842B3, 0x3FA27F27, 0x3FCB5CF3, 0x3F56F256, 0x3F4C3B6C, 0x3F85B86A, 0x48CFE8D3, 0x510D352D, 0x6EBA17A2, 0x5C3D333B, 0x50BB73DD, 0x4D5D0520, 0x6EF33A3D, 0x55E6EC03]> : tensor<32xf32>
  %y = arith.constant dense<[0xC2FF9B4E, 0xC306E661, 0xC30398A0, 0xC30257A6, 0xC306BFDE, 0xC3048D4E, 0xC3013F54, 0xC2FEA14E, 0xC2AC37AF, 0xC17F0026, 0xC2C662FD, 0xC2007CAA, 0xC1D7AE20, 0xC2AEC84B, 0xC2785790, 0xC1D44961, 0xBF70844E, 0x3F075D17, 0x3F41B249, 0x3EB043B3, 0x3F2AFC69, 0xBE811BD1, 0xBEA6E0D4, 0x3D812DAF, 0x41959937, 0x420C9113, 0x42BD146A, 0x4266414D, 0x420A3397, 0x41DE4DE4, 0x42BDDA32, 0x423367B1]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x38000000, 0x38800000, 0x38800000, 0x38800000, 0x38800000, 0x38800000, 0x38800000, 0x38000000, 0x38000000, 0x36800000, 0x38000000, 0x37800000, 0x37000000, 0x38000000, 0x37800000, 0x37000000, 0x34800000, 0x34800000, 0x34800000, 0x34000000, 0x34800000, 0x34000000, 0x34000000, 0x33000000, 0x37000000, 0x37800000, 0x38000000, 0x37800000, 0x37800000, 0x37000000, 0x38000000, 0x37800000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.log2 %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @log2_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0x00000000, 0x7FC00000, 0xBF800000, 0x3F800000, 0xFF800000, 0x41000000, 0x800116C2]> : tensor<8xf32>
  %y = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x00000000, 0xFFC00000, 0x40400000, 0xFFC00000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.log2 %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @log1p_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xBEA086B1, 0xBF2260CA, 0xBF216197, 0xBEBE2671, 0xBEF479A2, 0xBF16DF9C, 0xBF32139E, 0xBEC4A240, 0xBD592370, 0x3E81DF2A, 0xBE847D9B, 0xBD2C0A2B, 0x3C3FD6A7, 0x3E8A8739, 0xBE18FC6F, 0x3E3C07CC, 0x34BD7C09, 0x34E9181E, 0x348B2E46, 0x357D2ACF, 0xB4B3A82C, 0xB45A739A, 0xB51F7F7F, 0xB57136C4, 0x45DB8357, 0x5DCC6842, 0x5B3A5D6D, 0x4273428D, 0x532BF78D, 0x4EF44CB8, 0x52DFC9BD, 0x55140010]> : tensor<32xf32>
  %y = arith.constant dense<[0xBEC09BE2, 0xBF80C1C1, 0xBF7ECD62, 0xBEEDB0CE, 0xBF262C36, 0xBF63D7E1, 0xBF983FF3, 0xBEF81C31, 0xBD5F1B15, 0x3E677D49, 0xBE9950E8, 0xBD2FC1D7, 0x3C3EB95D, 0x3E753504, 0xBE25B287, 0x3E2CA05D, 0x34BD7C07, 0x34E9181B, 0x348B2E45, 0x357D2AC7, 0xB4B3A82E, 0xB45A739B, 0xB51F7F82, 0xB57136CB, 0x410DB776, 0x42283A48, 0x4219FEBE, 0x4083F901, 0x41DA9FC5, 0x41AB86B8, 0x41D72FA4, 0x41EF9AA6]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x34000000, 0x35000000, 0x34800000, 0x34000000, 0x34800000, 0x34800000, 0x35000000, 0x34000000, 0x32800000, 0x33800000, 0x34000000, 0x32800000, 0x31800000, 0x33800000, 0x33800000, 0x33800000, 0x2A000000, 0x2A000000, 0x2A000000, 0x2A800000, 0x2A000000, 0x29800000, 0x2A800000, 0x2A800000, 0x36800000, 0x37800000, 0x37800000, 0x36000000, 0x37000000, 0x37000000, 0x37000000, 0x37000000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.log1p %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @log1p_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xBF800000, 0x7FC00000, 0xC0000000, 0x00000000, 0xFF800000, 0xBFC00000, 0x80000000]> : tensor<8xf32>
  %y = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x00000000, 0xFFC00000, 0xFFC00000, 0x80000000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.log1p %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @tanh_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xC0F8BF62, 0xC0A4F275, 0xC0E45F5B, 0xC0CF9A64, 0xC0CEB0E9, 0xC1043B28, 0xC10C0A66, 0xC0EB536B, 0x3EBD41BC, 0x3EE1F373, 0x3EA4DB36, 0xBF0AA09A, 0x3F142579, 0x3ED87FF4, 0x3F075D55, 0x3D05A2A5, 0x370B76D0, 0xB7181E47, 0xB71D9BE2, 0xB720FD2B, 0xB6A5EA05, 0xB6A8BB62, 0xB6D1B685, 0x35B40068, 0x3F40DF58, 0x408ACCF9, 0x3FCA1F0C, 0x409CFF6B, 0x3F2311C4, 0x4021327C, 0x40D32CCC, 0x407FF910]> : tensor<32xf32>
  %y = arith.constant dense<[0xBF7FFFFA, 0xBF7FFBA2, 0xBF7FFFEB, 0xBF7FFFB2, 0xBF7FFFAE, 0xBF7FFFFE, 0xBF7FFFFF, 0xBF7FFFF2, 0x3EB5155E, 0x3ED45782, 0x3E9F62CB, 0xBEFCFEEE, 0x3F058F49, 0x3ECC74F1, 0x3EF80859, 0x3D059683, 0x370B76D0, 0xB7181E47, 0xB71D9BE2, 0xB720FD2B, 0xB6A5EA05, 0xB6A8BB62, 0xB6D1B685, 0x35B40068, 0x3F231E14, 0x3F7FE99E, 0x3F6B1FFE, 0x3F7FF8D2, 0x3F1016B5, 0x3F7CB2C3, 0x3F7FFFC2, 0x3F7FD402]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34000000, 0x34000000, 0x34000000, 0x34000000, 0x34800000, 0x34000000, 0x34000000, 0x32800000, 0x2C800000, 0x2C800000, 0x2C800000, 0x2C800000, 0x2C000000, 0x2C000000, 0x2C000000, 0x2B000000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.tanh %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @tanh_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x41A00000, 0xC1A00000, 0x7F61B1E6]> : tensor<8xf32>
  %y = arith.constant dense<[0x3F800000, 0xBF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x3F800000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.tanh %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @erf_near() -> (tensor<32xi1>, tensor<32xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xBFC859B6, 0xC001A8B4, 0xC00ABC61, 0xC05B478C, 0xC011B759, 0xC0786155, 0xBFCC292F, 0xBF8F5530, 0x3F4760BF, 0xBF7D0A53, 0xBEB5BBB8, 0xBECD004F, 0xBF5A1E28, 0x3E8E9D95, 0x3F278748, 0xBED1D2FA, 0x36F37A27, 0x36C76604, 0xB6F8E19E, 0x36B3160E, 0x370062DF, 0xB6CB2675, 0x35C5ADD5, 0x363A3A20, 0x400B7E99, 0x3F8D1222, 0x401276D1, 0x400E88E3, 0x40285489, 0x40259794, 0x3FCB248F, 0x401AA4A6]> : tensor<32xf32>
  %y = arith.constant dense<[0xBF791FDB, 0xBF7EEEC8, 0xBF7F71A9, 0xBF7FFFEB, 0xBF7FABF6, 0xBF7FFFFF, 0xBF79D532, 0xBF63000B, 0x3F3AB26E, 0xBF567D12, 0xBEC4C4A5, 0xBEDB87C3, 0xBF459300, 0x3E9CDB8C, 0x3F253110, 0xBEE02613, 0x37095E06, 0x36E0FF43, 0xB70C6A8F, 0x36CA13BC, 0x3710DE4B, 0xB6E53B01, 0x35DF0E91, 0x3652227D, 0x3F7F7970, 0x3F6183AB, 0x3F7FB0AE, 0x3F7F94DA, 0x3F7FF2EC, 0x3F7FEF6A, 0x3F79A668, 0x3F7FD688]> : tensor<32xf32>
  %tolerance = arith.constant dense<[0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34000000, 0x34000000, 0x34800000, 0x34000000, 0x34800000, 0x34000000, 0x2C800000, 0x2C000000, 0x2C800000, 0x2C000000, 0x2C800000, 0x2C000000, 0x2B000000, 0x2B800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000]> : tensor<32xf32>
  %true = arith.constant dense<true> : tensor<32xi1>
  %f = math.erf %x : tensor<32xf32>
  %difference = arith.subf %f, %y : tensor<32xf32>
  %size = math.absf %difference : tensor<32xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<32xf32>
  return %near, %true : tensor<32xi1>, tensor<32xi1>
}

func.func @erf_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x41200000, 0xC1200000, 0x7F61B1E6]> : tensor<8xf32>
  %y = arith.constant dense<[0x3F800000, 0xBF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x3F800000, 0xBF800000, 0x3F800000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.erf %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @sigmoid_near() -> (tensor<40xi1>, tensor<40xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0xC2BAD243, 0xC2B6C77C, 0xC2B4F6A3, 0xC2AFF4EA, 0xC2B6D7EC, 0xC2B0A415, 0xC2CF038A, 0xC2C02B38, 0xC1A7B862, 0xC2264981, 0xC1BF7EE8, 0xC29E26B3, 0xC258A921, 0xC28B7AD4, 0xC243BF39, 0xC23B4BE5, 0xC1865246, 0xC1588465, 0xC14873D8, 0xC015A98F, 0xC097F2D5, 0xC167242E, 0xC087DC59, 0xC16C79BD, 0x3E708AF2, 0xBF3F2147, 0xBF7F175E, 0x3F3E28C3, 0xBF14C222, 0xBF11AC74, 0x4185BFFA, 0x416F561E, 0x40B41FCF, 0x418311B6, 0x411A0A8D, 0x413D864C, 0xBA1AC7D3, 0x3A6732CC, 0x39C7E70E, 0x3A749D34]> : tensor<40xf32>
  %y = arith.constant dense<[0x00004B6C, 0x00023925, 0x000582FB, 0x00435F31, 0x0002272A, 0x002FD9FB, 0x00000001, 0x00000534, 0x3057D869, 0x21823379, 0x2E30D5B2, 0x0671DCF0, 0x1867B61E, 0x0D2755B8, 0x1C28CDDD, 0x1DAE7FEA, 0x335B5238, 0x35B2277C, 0x36731DD5, 0x3DB43228, 0x3C0CC1F6, 0x350ED953, 0x3C6768C5, 0x34CCB342, 0x3F0EF715, 0x3EA4A3CF, 0x3E8A0E3E, 0x3F2D77D8, 0x3EB7A53A, 0x3EB91124, 0x3F7FFFFF, 0x3F7FFFFB, 0x3F7F1566, 0x3F7FFFFF, 0x3F7FFBAF, 0x3F7FFF88, 0x3EFFECA7, 0x3F000E73, 0x3F00063F, 0x3F000F4A]> : tensor<40xf32>
  %tolerance = arith.constant dense<[0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x00000004, 0x25800000, 0x17000000, 0x23800000, 0x00002000, 0x0D800000, 0x02800000, 0x11800000, 0x13000000, 0x28800000, 0x2B000000, 0x2B800000, 0x33000000, 0x31800000, 0x2A800000, 0x31800000, 0x2A000000, 0x34800000, 0x34000000, 0x34000000, 0x34800000, 0x34000000, 0x34000000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34800000, 0x34000000, 0x34800000, 0x34800000, 0x34800000]> : tensor<40xf32>
  %true = arith.constant dense<true> : tensor<40xi1>
  %f = sinter.sigmoid %x : tensor<40xf32>
  %difference = arith.subf %f, %y : tensor<40xf32>
  %size = math.absf %difference : tensor<40xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<40xf32>
  return %near, %true : tensor<40xi1>, tensor<40xi1>
}

func.func @sigmoid_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0x80000000, 0xFF61B1E6, 0x7F61B1E6, 0xC2D20000]> : tensor<8xf32>
  %y = arith.constant dense<[0x3F800000, 0x00000000, 0x7FC00000, 0x3F000000, 0x3F000000, 0x00000000, 0x3F800000, 0x00000000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = sinter.sigmoid %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

func.func @erfc_near() -> (tensor<40xi1>, tensor<40xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x411E784A, 0x4115E70E, 0x4116CD17, 0x4113FD61, 0x4113B2B7, 0x411289BB, 0x40B037AB, 0x40E07F63, 0x40808A93, 0x40EC7830, 0x40B61041, 0x40B197E0, 0x41017B40, 0x40CCEB53, 0x3FF943BA, 0x401C64D9, 0x40474BE6, 0x3F95E36B, 0x407B3818, 0x3F88C7C7, 0x404FF5ED, 0x40623796, 0x3C94025E, 0x3F49A938, 0x3EBB7C88, 0x3F1419CF, 0x3C14BD84, 0x3D3F64EF, 0xBF51AF43, 0xBD379548, 0xBF4DB0C1, 0xBE7A203C, 0xBFA40438, 0xBF9DAC6E, 0xC067D698, 0xC0652C46, 0x36A5C568, 0x3867314C, 0xB8A46501, 0x38505F14]> : tensor<40xf32>
  %y = arith.constant dense<[0x0000000A, 0x0004EFD4, 0x0001B540, 0x002E4DDF, 0x0040FA78, 0x00F8719A, 0x27F5B213, 0x1A225816, 0x32665AED, 0x16344BC9, 0x26764550, 0x27979741, 0x0E4AE999, 0x201F6A1F, 0x3BC0E7AB, 0x3A0FCD38, 0x373266EB, 0x3DC81D49, 0x32F3B1D9, 0x3E05DE73, 0x3690FB13, 0x351AE770, 0x3F7AC810, 0x3E87D0F9, 0x3F1AC40A, 0x3ED39864, 0x3F7D60AD, 0x3F728311, 0x3FE06B81, 0x3F86781A, 0x3FDF40CA, 0x3FA29721, 0x3FF70B6B, 0x3FF5917E, 0x3FFFFFFD, 0x3FFFFFFD, 0x3F7FFFA2, 0x3F7FFBED, 0x3F8002E6, 0x3F7FFC54]> : tensor<40xf32>
  %tolerance = arith.constant dense<[0x00000008, 0x00000008, 0x00000008, 0x00000008, 0x00000008, 0x00000008, 0x1D800000, 0x10000000, 0x28000000, 0x0C000000, 0x1C000000, 0x1D800000, 0x04000000, 0x16000000, 0x31800000, 0x30000000, 0x2D000000, 0x33800000, 0x28800000, 0x34000000, 0x2C800000, 0x2B000000, 0x35000000, 0x34800000, 0x35000000, 0x34800000, 0x35000000, 0x35000000, 0x35800000, 0x35800000, 0x35800000, 0x35800000, 0x35800000, 0x35800000, 0x35800000, 0x35800000, 0x35000000, 0x35000000, 0x35800000, 0x35000000]> : tensor<40xf32>
  %true = arith.constant dense<true> : tensor<40xi1>
  %f = math.erfc %x : tensor<40xf32>
  %difference = arith.subf %f, %y : tensor<40xf32>
  %size = math.absf %difference : tensor<40xf32>
  %near = arith.cmpf ole, %size, %tolerance : tensor<40xf32>
  return %near, %true : tensor<40xi1>, tensor<40xi1>
}

func.func @erfc_special() -> (tensor<8xi1>, tensor<8xi1>) attributes {sinter.entry, sinter.expect} {
  %x = arith.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, 0x00000000, 0x80000000, 0x41300000, 0xC1300000, 0x7F61B1E6]> : tensor<8xf32>
  %y = arith.constant dense<[0x00000000, 0x40000000, 0x7FC00000, 0x3F800000, 0x3F800000, 0x00000000, 0x40000000, 0x00000000]> : tensor<8xf32>
  %true = arith.constant dense<true> : tensor<8xi1>
  %f = math.erfc %x : tensor<8xf32>
  %same = arith.cmpf oeq, %f, %y : tensor<8xf32>
  %nan = arith.cmpf uno, %f, %f : tensor<8xf32>
  %nan_expected = arith.cmpf uno, %y, %y : tensor<8xf32>
  %both = arith.andi %nan, %nan_expected : tensor<8xi1>
  %ok = arith.ori %same, %both : tensor<8xi1>
  return %ok, %true : tensor<8xi1>, tensor<8xi1>
}

module example.org/weft-from-go

go 1.19

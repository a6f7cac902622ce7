import StrongroomCommands

await CommandLineTool.main()
